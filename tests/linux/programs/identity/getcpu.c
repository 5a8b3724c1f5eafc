// getcpu: two answers, each of which may be left out, and a third argument that is ignored.
#include "check.h"

int main(void) {
    unsigned cpu = 77;
    unsigned node = 77;
    IS(0, syscall(SYS_getcpu, &cpu, &node, NULL));
    SAY("CPU %u, node %u", cpu, node);
    cpu = node = 77;
    IS(0, syscall(SYS_getcpu, &cpu, NULL, NULL));
    IS(0, syscall(SYS_getcpu, NULL, &node, (void*)1));
    SAY("CPU %u, node %u", cpu, node);
    IS(0, syscall(SYS_getcpu, NULL, NULL, (void*)-1));
    FAILS(EFAULT, syscall(SYS_getcpu, (void*)1, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_getcpu, NULL, (void*)1, NULL));
    // The CPU is written although the node cannot be.
    cpu = 77;
    FAILS(EFAULT, syscall(SYS_getcpu, &cpu, (void*)-1, NULL));
    SAY("CPU %u", cpu);
    // Both at one place: the node comes last.
    IS(0, syscall(SYS_getcpu, &cpu, &cpu, NULL));
    SAY("both %u", cpu);
    return done();
}
