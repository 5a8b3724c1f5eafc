// limit: 60
// Thousands of calls with random arguments: the kernel lives and the machine goes on. Calls that end or stop the
// process, sleep for long, or reach outside of it are left out.
#include "check.h"

static unsigned long state = 88172645463325252ul;
static unsigned long next(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

int main(void) {
    static const int calls[] = {SYS_read,
                                SYS_write,
                                SYS_open,
                                SYS_stat,
                                SYS_fstat,
                                SYS_lstat,
                                SYS_lseek,
                                SYS_mprotect,
                                SYS_rt_sigaction,
                                SYS_ioctl,
                                SYS_pread64,
                                SYS_pwrite64,
                                SYS_readv,
                                SYS_writev,
                                SYS_access,
                                SYS_pipe,
                                SYS_mremap,
                                SYS_msync,
                                SYS_mincore,
                                SYS_madvise,
                                SYS_dup,
                                SYS_dup2,
                                SYS_getitimer,
                                SYS_uname,
                                SYS_fcntl,
                                SYS_ftruncate,
                                SYS_getdents64,
                                SYS_getcwd,
                                SYS_fchdir,
                                SYS_mkdir,
                                SYS_symlink,
                                SYS_readlink,
                                SYS_fchmod,
                                SYS_fchown,
                                SYS_umask,
                                SYS_gettimeofday,
                                SYS_getrlimit,
                                SYS_getrusage,
                                SYS_sysinfo,
                                SYS_times,
                                SYS_getgroups,
                                SYS_setgroups,
                                SYS_rt_sigpending,
                                SYS_sigaltstack,
                                SYS_utime,
                                SYS_mknod,
                                SYS_statfs,
                                SYS_fstatfs,
                                SYS_getpriority,
                                SYS_prctl,
                                SYS_getxattr,
                                SYS_clock_gettime,
                                SYS_clock_getres,
                                SYS_openat,
                                SYS_mkdirat,
                                SYS_newfstatat,
                                SYS_unlinkat,
                                SYS_renameat,
                                SYS_linkat,
                                SYS_symlinkat,
                                SYS_readlinkat,
                                SYS_faccessat,
                                SYS_utimensat,
                                SYS_fallocate,
                                SYS_eventfd2,
                                SYS_dup3,
                                SYS_pipe2,
                                SYS_prlimit64,
                                SYS_getrandom,
                                SYS_statx,
                                SYS_copy_file_range,
                                SYS_sendfile,
                                SYS_sched_getaffinity};
    for (int round = 0; round < 4; round++) {
        pid_t child = fork();
        if (child == 0) {
            for (int fd = 0; fd < 3; fd++) dup2(open("/dev/null", O_RDWR), fd);
            struct rlimit limit = {1 << 20, 1 << 20};
            setrlimit(RLIMIT_FSIZE, &limit);
            signal(SIGXFSZ, SIG_IGN), signal(SIGPIPE, SIG_IGN);
            mkdir("jail", 0755), chroot("jail"), chdir("/");
            become_user(1000, 1000);
            alarm(8);
            char* area = anonymous(4 * PAGE);
            state += round * 7919;
            for (int i = 0; i < 4000; i++) {
                long a[6];
                for (int k = 0; k < 6; k++) {
                    unsigned long r = next();
                    switch (r >> 60) {
                        case 0:
                        case 1:
                        case 2: a[k] = r & 15; break;
                        case 3:
                        case 4: a[k] = (long)(area + (r & 16383)); break;
                        case 5: a[k] = -(long)(r & 255); break;
                        case 6: a[k] = 0xffff800000000000ul | (r & 0xffffffff); break;
                        case 7: a[k] = r; break;
                        case 8: a[k] = 1ul << (r & 63); break;
                        case 9: a[k] = PAGE * (r & 15); break;
                        default: a[k] = r & 4095;
                    }
                }
                int call = calls[next() % ARRAY_SIZE(calls)];
                if (call == SYS_read || call == SYS_readv) a[0] = 3 + (a[0] & 1);
                syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]);
            }
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        // How the child ended depends on what it hit; that it ended, and all else still works, is the test.
        TRUE(WIFEXITED(status) || WIFSIGNALED(status));
    }
    CHILD("exit 0", make_file("after", "alive", 0600); SAY("%s", content_of("after")));
    return done();
}
