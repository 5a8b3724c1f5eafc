// build: glibc
// statx(): masks, flags, and its errnos.
#include "check.h"

int main(void) {
    make_file("file", "12345", 0640);
    symlink("file", "link");
    struct statx x;
    OK(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS | STATX_BTIME, &x));
    SAY("basic: %d, mode %o, size %ld, links %d", (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS,
        x.stx_mode, (long)x.stx_size, x.stx_nlink);
    OK(statx(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x));
    TRUE(S_ISLNK(x.stx_mode));
    int fd = open("file", O_RDONLY);
    OK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x));
    IS(5, x.stx_size);
    OK(statx(AT_FDCWD, "file", AT_STATX_FORCE_SYNC, STATX_INO, &x));
    OK(statx(AT_FDCWD, "file", AT_STATX_DONT_SYNC, STATX_INO, &x));
    OK(statx(AT_FDCWD, "file", AT_NO_AUTOMOUNT, 0, &x));
    FAILS(EINVAL, syscall(SYS_statx, AT_FDCWD, "file", AT_STATX_SYNC_TYPE, STATX_INO, &x));
    FAILS(EINVAL, syscall(SYS_statx, AT_FDCWD, "file", 0x40000000, STATX_INO, &x));
    FAILS(EINVAL, syscall(SYS_statx, AT_FDCWD, "file", 0, 0x80000000, &x));
    FAILS(ENOENT, syscall(SYS_statx, AT_FDCWD, "nothing", 0, STATX_INO, &x));
    FAILS(ENOENT, syscall(SYS_statx, AT_FDCWD, "", 0, STATX_INO, &x));
    FAILS(ENOTDIR, syscall(SYS_statx, AT_FDCWD, "file/x", 0, STATX_INO, &x));
    FAILS(EBADF, syscall(SYS_statx, 99, "file", 0, STATX_INO, &x));
    FAILS(EFAULT, syscall(SYS_statx, AT_FDCWD, NULL, 0, STATX_INO, &x));
    FAILS(EFAULT, syscall(SYS_statx, AT_FDCWD, "file", 0, STATX_INO, unmapped()));
    // The birth time comes to those who ask for it.
    struct statx birth;
    static const unsigned MASKS[] = {0, STATX_BASIC_STATS, STATX_BTIME, STATX_ALL};
    int file = OK(open("born", O_CREAT | O_WRONLY, 0644));
    for (unsigned i = 0; i < ARRAY_SIZE(MASKS); i++) {
        OK(statx(AT_FDCWD, "born", 0, MASKS[i], &birth));
        SAY("%x %d %llx", birth.stx_mask & ~STATX_MNT_ID, birth.stx_btime.tv_sec != 0,
            (unsigned long long)birth.stx_attributes_mask);
    }
    close(file);
    int ends_[2];
    pipe(ends_);
    OK(statx(ends_[0], "", AT_EMPTY_PATH, STATX_ALL, &birth));
    SAY("%x", birth.stx_mask & ~STATX_MNT_ID);
    return done();
}
