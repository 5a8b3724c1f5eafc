// stat(), lstat(), fstat() and newfstatat(): what they tell, and their errnos.
#include "check.h"

int main(void) {
    umask(0);
    make_file("file", "12345", 0641);
    mkdir("folder", 0750);
    symlink("file", "link");
    mkfifo("fifo", 0622);
    struct stat s;
    const char* names[] = {"file", "folder", "link", "fifo", "/dev/null"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        OK(lstat(names[i], &s));
        SAY("%s: %s %o links %ld uid %d gid %d size %ld block size %ld", names[i], type_name(s.st_mode),
            s.st_mode & 07777, S_ISDIR(s.st_mode) ? 0 : (long)s.st_nlink, s.st_uid, s.st_gid,
            S_ISDIR(s.st_mode) ? 0 : (long)s.st_size, (long)s.st_blksize);
    }
    TRUE(s.st_rdev == makedev(1, 3));
    OK(stat("link", &s));
    TRUE(S_ISREG(s.st_mode));
    OK(fstatat(AT_FDCWD, "link", &s, AT_SYMLINK_NOFOLLOW));
    TRUE(S_ISLNK(s.st_mode));
    int fd = open("file", O_RDONLY);
    OK(fstatat(fd, "", &s, AT_EMPTY_PATH));
    IS(5, s.st_size);
    FAILS(ENOENT, fstatat(fd, "", &s, 0));
    FAILS(ENOTDIR, fstatat(fd, "x", &s, 0));
    FAILS(EINVAL, fstatat(fd, "", &s, 0x40000000));
    FAILS(EBADF, fstatat(99, "x", &s, 0));
    FAILS(ENOENT, stat("nothing", &s));
    FAILS(ENOENT, stat("", &s));
    FAILS(ENOTDIR, stat("file/x", &s));
    FAILS(EFAULT, syscall(SYS_stat, unmapped(), &s));
    FAILS(EFAULT, syscall(SYS_stat, "file", unmapped()));
    FAILS(EFAULT, syscall(SYS_fstat, fd, KERNEL_ADDRESS));
    FAILS(EFAULT, syscall(SYS_lstat, "file", read_only_page()));
    FAILS(EBADF, fstat(99, &s));
    symlink("loop", "loop");
    FAILS(ELOOP, stat("loop", &s));
    OK(lstat("loop", &s));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, stat(name, &s));
    mkdir("closed", 0700);
    make_file("closed/x", "", 0644);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, stat("closed/x", &s)); OK(stat("closed", &s)));
    // What statx takes as a word on synchronising, newfstatat takes too.
    FAILS(EBADF, syscall(SYS_newfstatat, -1, "file", &s, 0x4000));
    FAILS(EBADF, syscall(SYS_newfstatat, -1, "file", &s, 0x6000));
    return done();
}
