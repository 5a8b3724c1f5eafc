# compiles, optimises, links libraries, and runs with a sanitizer
cat >a.c <<'E'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
int f(int);
static void* t(void* p) { *(int*)p += 1; return NULL; }
int main(int c, char** v) { pthread_t h; int x = f(20); pthread_create(&h, NULL, t, &x); pthread_join(h, NULL); printf("%d %.4f %d\n", x, sqrt(2), c); return x > 6765 ? 0 : 1; }
E
echo 'int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }' >b.c
gcc -O2 -Wall -c b.c && gcc -O0 -g a.c b.o -lm -o p && ./p && gcc -shared -fPIC b.c -o libb.so && gcc a.c -L. -lb -lm -Wl,-rpath,/work -o q && ./q x && gcc -flto -O3 -static a.c b.c -lm -o r && ./r
gcc -S -O1 -o - b.c | grep -c call && gcc -E -dM -x c /dev/null | grep -c __x86_64__ && echo 'int main(void) { int a[2]; return a[5]; }' >c.c && gcc -Wall -O2 c.c -o c 2>&1 | grep -c warning; echo 'int x' | gcc -x c - 2>&1 | head -2 || true
gcc -fsanitize=undefined -x c - -o u <<'E' && ./u 2>&1 | sed 's/.*runtime/runtime/'
#include <limits.h>
int main(int c, char** v) { int x = INT_MAX; x += c; return 0; }
E
rm -f p q r c u *.o *.so
