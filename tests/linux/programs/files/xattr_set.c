// Extended attributes of tmpfs: set, get, list and remove, who may, and what each bad argument is answered.
#include "check.h"

#include <sys/xattr.h>

static char big[65537];

static void show_list(const char* path) {
    char names[1024];
    const ssize_t size = llistxattr(path, names, sizeof names);
    SAY("list of %s: %zd", path, size);
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) SAY("  %s", names + at);
}

static void show(const char* path, const char* name) {
    char value[64] = "";
    const ssize_t size = lgetxattr(path, name, value, sizeof value - 1);
    SAY("%s of %s: %s %zd", name, path, size < 0 ? error_name(errno) : value, size);
}

static void values(void) {
    char value[8];
    OK(setxattr("file", "trusted.one", "1", 1, 0));
    OK(setxattr("file", "trusted.two", "22", 2, XATTR_CREATE));
    OK(setxattr("file", "security.three", "", 0, 0));
    OK(setxattr("file", "trusted.four", "4444", 4, XATTR_CREATE | 0));
    show_list("file");
    FAILS(EEXIST, setxattr("file", "trusted.two", "x", 1, XATTR_CREATE));
    FAILS(ENODATA, setxattr("file", "trusted.five", "x", 1, XATTR_REPLACE));
    FAILS(EEXIST, setxattr("file", "trusted.two", "x", 1, XATTR_CREATE | XATTR_REPLACE));
    FAILS(ENODATA, setxattr("file", "trusted.five", "x", 1, XATTR_CREATE | XATTR_REPLACE));
    OK(setxattr("file", "trusted.two", "a longer one", 12, XATTR_REPLACE));
    show("file", "trusted.two");
    show("file", "security.three");
    show_list("file");
    SAY("size: %zd", getxattr("file", "trusted.two", NULL, 0));
    FAILS(ERANGE, getxattr("file", "trusted.two", value, sizeof value));
    FAILS(EFAULT, getxattr("file", "trusted.two", unmapped(), 100));
    FAILS(ERANGE, listxattr("file", value, sizeof value));
    FAILS(EFAULT, listxattr("file", unmapped(), 1000));
    SAY("list's size: %zd", listxattr("file", NULL, 0));
    OK(removexattr("file", "trusted.one"));
    FAILS(ENODATA, removexattr("file", "trusted.one"));
    FAILS(ENODATA, getxattr("file", "trusted.one", value, sizeof value));
    show_list("file");
    OK(setxattr("file", "trusted.one", "again", 5, 0));
    show_list("file");
}

static void bad_arguments(void) {
    char longest[258];
    memset(longest, 'n', sizeof longest);
    memcpy(longest, "trusted.", 8);
    longest[256] = '\0';
    FAILS(ERANGE, setxattr("file", longest, "x", 1, 0));
    longest[255] = '\0';
    OK(setxattr("file", longest, "x", 1, 0));
    OK(removexattr("file", longest));
    FAILS(ERANGE, setxattr("file", "", "x", 1, 0));
    FAILS(ERANGE, removexattr("file", ""));
    FAILS(EINVAL, setxattr("file", "trusted.", "x", 1, 0));
    FAILS(EINVAL, setxattr("file", "security.", "x", 1, 0));
    FAILS(EINVAL, setxattr("file", "trusted.x", "x", 1, 4));
    FAILS(EINVAL, setxattr("file", "", "x", 1, 4));
    FAILS(E2BIG, setxattr("file", "trusted.x", big, 65537, 0));
    FAILS(E2BIG, setxattr("file", "trusted.x", unmapped(), 65537, 0));
    FAILS(EFAULT, setxattr("file", "trusted.x", unmapped(), 1, 0));
    FAILS(EFAULT, setxattr("file", unmapped(), "x", 1, 0));
    FAILS(EFAULT, removexattr("file", unmapped()));
    OK(setxattr("file", "trusted.big", big, 65536, 0));
    SAY("big: %zd", getxattr("file", "trusted.big", big, sizeof big));
    OK(removexattr("file", "trusted.big"));
    FAILS(EOPNOTSUPP, setxattr("file", "user.x", "x", 1, 0));
    FAILS(EOPNOTSUPP, removexattr("file", "user.x"));
    FAILS(EOPNOTSUPP, setxattr("file", "nonsense", "x", 1, 0));
    FAILS(EOPNOTSUPP, removexattr("file", "nonsense"));
    FAILS(EPERM, lsetxattr("link", "user.x", "x", 1, 0));
    FAILS(ENOENT, setxattr("none", unmapped(), "x", 1, 4));
    FAILS(ENOENT, removexattr("none", "trusted.x"));
    FAILS(ENOENT, listxattr("none", NULL, 0));
    FAILS(EBADF, fsetxattr(99, "trusted.x", "x", 1, 0));
    FAILS(EBADF, flistxattr(99, NULL, 0));
    FAILS(EBADF, fremovexattr(99, "trusted.x"));
    const int path = OK(open("file", O_PATH));
    FAILS(EBADF, fsetxattr(path, "trusted.x", "x", 1, 0));
    FAILS(EBADF, flistxattr(path, NULL, 0));
    FAILS(EBADF, fremovexattr(path, "trusted.x"));
    OK(close(path));
}

static void kinds_of_files(void) {
    OK(mkdir("folder", 0755));
    OK(mkfifo("fifo", 0644));
    OK(lsetxattr("link", "trusted.link", "l", 1, 0));
    OK(setxattr("link", "trusted.through", "t", 1, 0));
    OK(setxattr("folder", "trusted.folder", "f", 1, 0));
    OK(setxattr("fifo", "trusted.fifo", "p", 1, 0));
    show_list("link");
    show_list("folder");
    show_list("fifo");
    show("link", "trusted.link");
    show("file", "trusted.through");
    FAILS(ENODATA, lremovexattr("link", "trusted.through"));
    OK(lremovexattr("link", "trusted.link"));
    const int fd = OK(open("file", O_RDONLY));
    OK(fsetxattr(fd, "trusted.open", "o", 1, 0));
    show("file", "trusted.open");
    OK(fremovexattr(fd, "trusted.open"));
    SAY("flistxattr: %zd", flistxattr(fd, NULL, 0));
    OK(close(fd));
    // The attributes are the file's, whatever its name.
    OK(rename("file", "renamed"));
    OK(linkat(AT_FDCWD, "renamed", AT_FDCWD, "file", 0));
    show_list("file");
    SAY("/proc: %zd", listxattr("/proc/self/stat", NULL, 0));
    FAILS(EOPNOTSUPP, setxattr("/proc/self/stat", "trusted.x", "x", 1, 0));
    SAY("/dev/null: %zd", listxattr("/dev/null", NULL, 0));
    int ends[2];
    OK(pipe(ends));
    SAY("a pipe: %zd", flistxattr(ends[0], NULL, 0));
    FAILS(EOPNOTSUPP, fsetxattr(ends[0], "trusted.x", "x", 1, 0));
}

static void other_users(void) {
    OK(chmod("file", 0666));
    OK(setxattr("file", "security.seen", "s", 1, 0));
    CHILD("exit 0", {
        become_user(1000, 1000);
        show_list("file");
        show("file", "trusted.two");
        show("file", "security.seen");
        FAILS(EPERM, setxattr("file", "trusted.two", "x", 1, 0));
        FAILS(EPERM, removexattr("file", "trusted.two"));
        FAILS(EOPNOTSUPP, setxattr("file", "user.x", "x", 1, 0));
    });
    OK(chmod("file", 0600));
    CHILD("exit 0", {
        become_user(1000, 1000);
        show("file", "security.seen");
        FAILS(EACCES, setxattr("file", "user.x", "x", 1, 0));
        FAILS(EACCES, setxattr("file", "nonsense", "x", 1, 0));
    });
}

static void read_only(void) {
    OK(mkdir("mount", 0755));
    OK(mount("none", "mount", "tmpfs", 0, NULL));
    make_file("mount/file", "", 0600);
    OK(setxattr("mount/file", "trusted.x", "x", 1, 0));
    OK(mount(NULL, "mount", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    FAILS(EROFS, setxattr("mount/file", "trusted.x", "y", 1, 4));
    FAILS(EROFS, removexattr("mount/file", "trusted.none"));
    show("mount/file", "trusted.x");
    OK(umount("mount"));
}

int main(void) {
    make_file("file", "content", 0644);
    OK(symlink("file", "link"));
    show_list("file");
    values();
    bad_arguments();
    kinds_of_files();
    other_users();
    read_only();
    return done();
}
