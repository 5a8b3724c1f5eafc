# compiles C and C++, analyses, and writes its intermediate language
# limit: 600
printf '#include <stdio.h>\nint f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\nint main(void) { printf("%%d\\n", f(20)); return 0; }\n' >a.c
clang -O2 -Weverything -Wno-missing-prototypes a.c -o p && ./p && clang -O1 -S -emit-llvm -o - a.c | grep -c define && clang -c a.c -o a.o && clang a.o -o q && ./q && clang -fsyntax-only -Xclang -ast-dump a.c | grep -c FunctionDecl
printf 'int main() { int* p = 0; return *p; }\n' >b.c && clang --analyze b.c 2>&1 | grep -c warning; rm -rf *.plist; clang -O1 -fsanitize=address -x c - -o s 2>/dev/null <<'E' && (./s 2>&1 | grep -c heap-buffer) || true
#include <stdlib.h>
int main(void) { volatile char* p = malloc(3); p[3] = 1; return 0; }
E
echo 'int main() { retrun 1; }' | clang -x c - 2>&1 | head -2; rm -f p q s a.o
