# finds memory that is used wrongly or lost, and counts instructions
# limit: 900
# mask: pids addresses numbers
printf '#include <stdlib.h>\nint main(void) { char* p = malloc(10); p[10] = 1; int* q = malloc(4); free(q); return p[0] ? *q : 0; }\n' >a.c && gcc -g -O0 a.c -o p
valgrind -q --leak-check=full --error-exitcode=9 ./p 2>&1 | grep -E 'Invalid|definitely|uninit|at 0x.*main' || true
valgrind --tool=cachegrind --cachegrind-out-file=out ./p 2>&1 | grep -c 'I *refs' ; cg_annotate out 2>/dev/null | grep -c a.c | sed 's/[0-9]*/N/'; valgrind --tool=massif --massif-out-file=m ./p >/dev/null 2>&1; ms_print m | grep -c snapshot | sed 's/[0-9]*/N/'; rm -f p out m
