// The calls that a C library makes for its first thread.
#include "check.h"

int main(void) {
    static int tid;
    TRUE(syscall(SYS_set_tid_address, &tid) == getpid());
    TRUE(syscall(SYS_gettid) == getpid());
    static struct {
        void* next;
        long offset;
        void* pending;
    } head = {&head, 0, NULL};
    OK(syscall(SYS_set_robust_list, &head, sizeof head));
    FAILS(EINVAL, syscall(SYS_set_robust_list, &head, 1));
    void* found = NULL;
    size_t length = 0;
    OK(syscall(SYS_get_robust_list, 0, &found, &length));
    TRUE(found == &head && length == sizeof head);
    FAILS(ESRCH, syscall(SYS_get_robust_list, 999999, &found, &length));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, unmapped(), &length));
    static struct {
        unsigned cpu_start, cpu;
        unsigned long cs;
        unsigned flags;
    } __attribute__((aligned(32))) area;
    OK(syscall(SYS_rseq, &area, 32, 0, 0x53053053));
    TRUE(area.cpu < 64);
    FAILS(EBUSY, syscall(SYS_rseq, &area, 32, 0, 0x53053053));
    FAILS(EINVAL, syscall(SYS_rseq, &area, 16, 0, 0x53053053));
    FAILS(EPERM, syscall(SYS_rseq, &area, 32, 1, 0x1234));
    OK(syscall(SYS_rseq, &area, 32, 1, 0x53053053));
    return done();
}
