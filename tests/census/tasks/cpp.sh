# expands macros, includes and conditions
printf '#define A(x) B(x) + 1\n#define B(x) ((x) * 2)\n#define S(x) #x\n#define C(a, b) a##b\n#include "h.h"\n#if defined(V) && V > 3\nint big = A(3);\n#else\nint small = A(3);\n#endif\nchar* s = S(a "b"); int C(x, 1) = __LINE__ + __COUNTER__;\n#ifdef H\nh;\n#endif\n' >a.c && echo '#define H' >h.h
cpp -P a.c && cpp -P -DV=5 a.c | head -1 && cpp -MM a.c && cpp -dM a.c | grep -E ' (A|B|H|S)\b' && cpp -traditional-cpp -P a.c | wc -l && printf '#error no\n' | cpp 2>&1 | head -1; printf '#include "none.h"\n' | cpp 2>&1 | head -2; cpp -C - <<'E' | tail -1
int x; /* kept */
E
