// Every call that takes a pointer, with pointers that lead nowhere: EFAULT each time, never a crash.
#include "check.h"

int main(void) {
    void* bad[] = {(void*)8,   unmapped(),    KERNEL_ADDRESS,       NON_CANONICAL,
                   (void*)-1l, (void*)-4096l, (void*)0x7ffffffff000};
    const struct {
        int number;
        const char* name;
        int position;
        long arguments[5];
    } calls[] = {{SYS_stat, "stat path", 0, {0}},
                 {SYS_access, "access", 0, {0}},
                 {SYS_pipe, "pipe", 0, {0}},
                 {SYS_uname, "uname", 0, {0}},
                 {SYS_getcwd, "getcwd", 0, {0, 100}},
                 {SYS_chdir, "chdir", 0, {0}},
                 {SYS_mkdir, "mkdir", 0, {0, 0700}},
                 {SYS_rmdir, "rmdir", 0, {0}},
                 {SYS_unlink, "unlink", 0, {0}},
                 {SYS_symlink, "symlink", 0, {0, (long)"x"}},
                 {SYS_readlink, "readlink", 0, {0, 0, 10}},
                 {SYS_chmod, "chmod", 0, {0, 0600}},
                 {SYS_chown, "chown", 0, {0, 0, 0}},
                 {SYS_truncate, "truncate", 0, {0, 0}},
                 {SYS_execve, "execve", 0, {0, 0, 0}},
                 {SYS_gettimeofday, "gettimeofday", 0, {0, 0}},
                 {SYS_clock_gettime, "clock_gettime", 1, {0, 0}},
                 {SYS_nanosleep, "nanosleep", 0, {0, 0}},
                 {SYS_sysinfo, "sysinfo", 0, {0}},
                 {SYS_times, "times", 0, {0}},
                 {SYS_getrusage, "getrusage", 1, {0, 0}},
                 {SYS_getrlimit, "getrlimit", 1, {0, 0}},
                 {SYS_statfs, "statfs", 0, {0, 0}},
                 {SYS_fstat, "fstat", 1, {0, 0}},
                 {SYS_fstatfs, "fstatfs", 1, {0, 0}},
                 {SYS_poll, "poll", 0, {0, 1, 0}},
                 {SYS_rt_sigaction, "sigaction", 1, {10, 0, 0, 8}},
                 {SYS_rt_sigprocmask, "sigprocmask", 1, {0, 0, 0, 8}},
                 {SYS_getrandom, "getrandom", 0, {0, 10, 0}},
                 {SYS_sigaltstack, "sigaltstack", 0, {0, 0}},
                 {SYS_mount, "mount", 1, {0, 0, 0, 0, 0}},
                 {SYS_umount2, "umount", 0, {0, 0}},
                 {SYS_chroot, "chroot", 0, {0}},
                 {SYS_rename, "rename", 0, {0, (long)"x"}},
                 {SYS_link, "link", 0, {0, (long)"x"}},
                 {SYS_mknod, "mknod", 0, {0, 0600, 0}},
                 {SYS_utimensat, "utimensat", 2, {-100, (long)".", 0, 0}},
                 {SYS_getgroups, "getgroups", 1, {5, 0}},
                 {SYS_sethostname, "sethostname", 0, {0, 5}},
                 {SYS_setitimer, "setitimer", 1, {0, 0, 0}},
                 {SYS_rt_sigpending, "sigpending", 0, {0, 8}},
                 {SYS_sched_getaffinity, "affinity", 2, {0, 128, 0}},
                 {SYS_openat, "openat", 1, {-100, 0, 0}},
                 {SYS_newfstatat, "fstatat", 1, {-100, 0, 0, 0}}};
    gid_t five[5] = {1, 2, 3, 4, 5};
    setgroups(5, five);
    for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
        printf("%s:", calls[c].name);
        for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
            long a[5];
            memcpy(a, calls[c].arguments, sizeof a);
            a[calls[c].position] = (long)bad[b];
            errno = 0;
            long result = syscall(calls[c].number, a[0], a[1], a[2], a[3], a[4]);
            printf(" %s", result >= 0 ? "ok" : error_name(errno));
        }
        printf("\n");
    }
    return done();
}
