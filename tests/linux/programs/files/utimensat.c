// utimensat() and its relatives: exact times, now, leaving one alone, and who may.
#include "check.h"

static void show(const char* name) {
    struct stat s;
    lstat(name, &s);
    SAY("%s: %ld.%09ld %ld.%09ld", name, (long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec,
        s.st_mtim.tv_nsec);
}

int main(void) {
    make_file("file", "", 0666);
    symlink("file", "link");
    struct timespec times[2] = {{1000, 5}, {2000, 7}};
    OK(utimensat(AT_FDCWD, "file", times, 0));
    show("file");
    struct timespec omit[2] = {{3000, 1}, {0, UTIME_OMIT}};
    OK(utimensat(AT_FDCWD, "file", omit, 0));
    show("file");
    OK(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW));
    show("link"), show("file");
    struct timespec early[2] = {{-5, 0}, {-6, 999999999}};
    OK(utimensat(AT_FDCWD, "file", early, 0));
    show("file");
    int fd = open("file", O_RDWR);
    OK(futimens(fd, times));
    show("file");
    struct utimbuf plain = {11, 22};
    OK(utime("file", &plain));
    show("file");
    struct timeval micro[2] = {{33, 44}, {55, 66}};
    OK(utimes("file", micro));
    show("file");
    struct stat s;
    OK(utimensat(AT_FDCWD, "file", NULL, 0));
    stat("file", &s);
    TRUE(s.st_mtim.tv_sec > 1000000 && s.st_atim.tv_sec == s.st_mtim.tv_sec);
    struct timespec wrong[2] = {{0, 1000000000}, {0, 0}};
    FAILS(EINVAL, utimensat(AT_FDCWD, "file", wrong, 0));
    FAILS(EINVAL, utimensat(AT_FDCWD, "file", times, 0x8000));
    FAILS(ENOENT, utimensat(AT_FDCWD, "nothing", times, 0));
    FAILS(EBADF, utimensat(99, "file", times, 0));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, "file", unmapped(), 0));
    FAILS(ENOTDIR, utimensat(AT_FDCWD, "file/x", times, 0));
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, utimensat(AT_FDCWD, "file", times, 0));
        OK(utimensat(AT_FDCWD, "file", NULL, 0));
        chmod("file", 0444);
    });
    chmod("file", 0444);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, utimensat(AT_FDCWD, "file", NULL, 0)));
    // Times that cannot be are found out after what they are for.
    struct timespec impossible[2] = {{0, 1000000000}, {0, 0}};
    FAILS(ENOENT, utimensat(AT_FDCWD, "nowhere", impossible, 0));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, NULL, impossible, AT_SYMLINK_NOFOLLOW));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, "nowhere", unmapped(), 0x40000000));
    FAILS(EINVAL, syscall(SYS_utimensat, AT_FDCWD, "nowhere", impossible, 0x40000000));
    return done();
}
