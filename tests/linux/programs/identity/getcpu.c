// getcpu: two answers, each of which may be left out, and a third argument that is ignored.
#include "check.h"

// Whether the process may run on the CPU with this number.
static int is_mine(unsigned cpu) {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    sched_getaffinity(0, sizeof mine, &mine);
    return cpu < CPU_SETSIZE && CPU_ISSET(cpu, &mine);
}

int main(void) {
    unsigned cpu = 7777;
    unsigned node = 7777;
    IS(0, syscall(SYS_getcpu, &cpu, &node, NULL));
    TRUE(is_mine(cpu));
    IS(0, node);
    cpu = node = 7777;
    IS(0, syscall(SYS_getcpu, &cpu, NULL, NULL));
    IS(0, syscall(SYS_getcpu, NULL, &node, (void*)1));
    TRUE(is_mine(cpu));
    IS(0, node);
    IS(0, syscall(SYS_getcpu, NULL, NULL, (void*)-1));
    FAILS(EFAULT, syscall(SYS_getcpu, (void*)1, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_getcpu, NULL, (void*)1, NULL));
    // The CPU is written although the node cannot be.
    cpu = 7777;
    FAILS(EFAULT, syscall(SYS_getcpu, &cpu, (void*)-1, NULL));
    TRUE(is_mine(cpu));
    // A process that is bound to a CPU is there: the last one that it may use is not always the first.
    cpu_set_t mine, last;
    CPU_ZERO(&mine), CPU_ZERO(&last);
    sched_getaffinity(0, sizeof mine, &mine);
    unsigned bound = CPU_SETSIZE - 1;
    while (!CPU_ISSET(bound, &mine)) bound--;
    CPU_SET(bound, &last);
    OK(sched_setaffinity(0, sizeof last, &last));
    IS(0, syscall(SYS_getcpu, &cpu, NULL, NULL));
    TRUE(cpu == bound);
    // Both at one place: the node comes last.
    cpu = 7777;
    IS(0, syscall(SYS_getcpu, &cpu, &cpu, NULL));
    IS(0, cpu);
    return done();
}
