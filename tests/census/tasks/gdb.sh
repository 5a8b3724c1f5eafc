# stops a program, looks at its variables and stack, and changes them
# limit: 300
# mask: addresses pids
printf '#include <stdio.h>\nint f(int n) {\n  int k = n * 2;\n  return k;\n}\nint main(void) {\n  int s = 0;\n  for (int i = 0; i < 3; i++) s += f(i);\n  printf("sum %%d\\n", s);\n  return s;\n}\n' >a.c && gcc -g -O0 a.c -o p
gdb -q -batch -nx -ex 'set debuginfod enabled off' -ex 'break f if n == 2' -ex run -ex bt -ex 'print n' -ex next -ex 'print k' -ex 'set var k = 10' -ex finish -ex 'info locals' -ex 'watch s' -ex continue -ex 'delete' -ex continue ./p 2>&1 | grep -v -E 'libthread_db|Thread debugging|debuginfod'
printf 'int main(void) { *(volatile int*)0 = 1; }\n' >c.c && gcc -g c.c -o c && gdb -q -batch -nx -ex run -ex bt -ex 'print $_siginfo.si_signo' ./c 2>&1 | grep -v -E 'libthread_db|Thread debugging' ; gdb -q -batch -nx -ex 'disassemble f' ./p | tail -3; rm p c
