// Which of several wrong arguments prlimit, setrlimit and waitid name.
#include "check.h"

#include <sys/resource.h>

int main(void) {
    struct rlimit limit = {1, 1};
    const long nobody = 99999;
    FAILS(EFAULT, syscall(SYS_prlimit64, 0l, 99l, KERNEL_ADDRESS, NULL));
    FAILS(EFAULT, syscall(SYS_prlimit64, nobody, 99l, KERNEL_ADDRESS, NULL));
    FAILS(ESRCH, syscall(SYS_prlimit64, nobody, 99l, &limit, NULL));
    FAILS(EINVAL, syscall(SYS_prlimit64, 0l, 99l, &limit, NULL));
    FAILS(EFAULT, syscall(SYS_setrlimit, 99l, KERNEL_ADDRESS));
    FAILS(EINVAL, syscall(SYS_setrlimit, 99l, &limit));
    FAILS(EINVAL, syscall(SYS_getrlimit, 99l, KERNEL_ADDRESS));

    FAILS(EBADF, syscall(SYS_waitid, 3l, 77l, NULL, WEXITED, NULL));
    FAILS(EINVAL, syscall(SYS_waitid, 3l, -1l, NULL, WEXITED, NULL));
    FAILS(EINVAL, syscall(SYS_waitid, 4l, 0l, NULL, WEXITED, NULL));

    FAILS(EINVAL, mlock((void*)(16 * PAGE), -(size_t)(8 * PAGE)));
    return done();
}
