// AT_EMPTY_PATH with a descriptor that was opened with O_PATH, and with one of a file without a name.
#include "check.h"

static const char* result(long value) { return value < 0 ? error_name(errno) : "ok"; }

static void try(const char* what, int fd) {
    struct stat s;
    char more[256], path[64], text[256];
    const struct timespec times[2] = {{5, 0}, {6, 0}};
    struct statfs f;
    SAY("--- %s", what);
    SAY("fstatat %s", result(fstatat(fd, "", &s, AT_EMPTY_PATH)));
    SAY("fchownat %s", result(fchownat(fd, "", -1, 7, AT_EMPTY_PATH)));
    SAY("fchownat, no link %s", result(fchownat(fd, "", -1, 7, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)));
    SAY("utimensat %s", result(utimensat(fd, "", times, AT_EMPTY_PATH)));
    SAY("utimensat of null %s", result(syscall(SYS_utimensat, fd, NULL, times, 0)));
    SAY("utimensat of null, flags %s", result(syscall(SYS_utimensat, fd, NULL, times, AT_EMPTY_PATH)));
    SAY("statx %s", result(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, more)));
    SAY("fstatfs %s", result(fstatfs(fd, &f)));
    SAY("faccessat2 %s", result(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH)));
    SAY("faccessat2 X %s", result(syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH)));
    SAY("linkat %s", result(linkat(fd, "", AT_FDCWD, "new", AT_EMPTY_PATH)));
    unlink("new");
    SAY("readlinkat %s", result(readlinkat(fd, "", text, sizeof text)));
    SAY("execveat %s", result(syscall(SYS_execveat, fd, "", NULL, NULL, AT_EMPTY_PATH)));
    SAY("openat %s", result(openat(fd, "x", O_RDONLY)));
    SAY("fstatat of a name %s", result(fstatat(fd, "x", &s, AT_EMPTY_PATH)));
    if (fstat(fd, &s) == 0)
        SAY("type %o group %d mtime %ld size %ld links %ld", s.st_mode & S_IFMT, s.st_gid,
            s.st_mtime < 100 ? (long)s.st_mtime : 999, (long)s.st_size, (long)s.st_nlink);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SAY("by its link: stat %s", result(stat(path, &s)));
    SAY("by its link: type %o group %d", s.st_mode & S_IFMT, s.st_gid);
    SAY("by its link: lstat %s", result(lstat(path, &s)));
    SAY("by its link: mode %o size %ld", s.st_mode, (long)s.st_size);
    SAY("by its link: access %s", result(access(path, R_OK)));
    SAY("by its link: access X %s", result(access(path, X_OK)));
    SAY("by its link: O_PATH %s", result(open(path, O_PATH)));
    SAY("by its link: open %s", result(open(path, O_RDONLY | O_NONBLOCK)));
    SAY("by its link: open and create %s", result(open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0600)));
    SAY("by its link: open and truncate %s", result(open(path, O_RDWR | O_TRUNC | O_NONBLOCK)));
    SAY("by its link: chmod %s", result(chmod(path, 0640)));
    SAY("by its link: chown %s", result(chown(path, 0, 8)));
    SAY("by its link: statfs %s", result(statfs(path, &f)));
    SAY("by its link: utimensat %s", result(utimensat(AT_FDCWD, path, times, 0)));
    SAY("by its link: truncate %s", result(truncate(path, 0)));
    SAY("by its link: getxattr %s", result(syscall(SYS_getxattr, path, "user.x", text, 10)));
    SAY("by its link: chdir %s", result(chdir(path)));
    chdir("/desk");
    SAY("by its link: exec %s", result(execve(path, NULL, NULL)));
    SAY("by its link: link %s", result(linkat(AT_FDCWD, path, AT_FDCWD, "new", AT_SYMLINK_FOLLOW)));
    unlink("new");
    SAY("by its link: bind %s", result(mount(path, "/desk/m", NULL, MS_BIND, NULL)));
    while (umount2("/desk/m", MNT_DETACH) == 0) continue;
    SAY("by its link: umount %s", result(umount2(path, MNT_DETACH)));
    fstat(fd, &s);
    SAY("mode %o group %d", s.st_mode, s.st_gid);
}

int main(void) {
    int ends[2];
    make_file("file", "x", 0644), make_file("script", "no program", 0755), mkdir("folder", 0755),
        symlink("file", "link"), make_file("m", "", 0644);
    make_file("folder/x", "", 0644);
    try("a file", OK(open("file", O_PATH)));
    try("a script", OK(open("script", O_PATH)));
    try("a link", OK(open("link", O_PATH | O_NOFOLLOW)));
    try("a folder", OK(open("folder", O_PATH)));
    try("an open file", OK(open("file", O_RDWR)));
    pipe(ends);
    try("a pipe", ends[0]);
    int event = OK(eventfd(0, 0));
    try("an eventfd", event);
    // All files of this kind share an inode.
    fchown(event, 0, 0), fchmod(event, 0600);
    return done();
}
