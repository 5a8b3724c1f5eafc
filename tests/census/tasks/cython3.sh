# compiles a module, builds it and uses it
# limit: 900
printf 'cdef int fib(int n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef f(int n):\n    return fib(n)\ncdef class C:\n    cdef public int x\n    def __init__(self, x): self.x = x\n    def up(self): self.x += 1; return self.x\n' >m.pyx
cython3 -3 m.pyx && gcc -O0 -shared -fPIC $(python3-config --includes) m.c -o m.so && python3 -c 'import m; print(m.f(20), m.C(41).up())' && printf 'def f(:\n' >b.pyx && cython3 b.pyx 2>&1 | grep -c Error; rm -f m.so m.c b.c
