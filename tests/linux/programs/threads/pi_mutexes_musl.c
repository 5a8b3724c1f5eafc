// What pi_mutexes does, with the locks of musl.
#include "pi_mutexes.c"
