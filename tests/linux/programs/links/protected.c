// fs.protected_hardlinks and fs.protected_symlinks, as Debian's kernel has them: what one user may do with another's names.
#include "check.h"

static void hard_links(void) {
    become_user(1000, 1000);
    FAILS(EPERM, link("theirs", "place/a"));
    FAILS(EPERM, link("readable", "place/a"));
    FAILS(EPERM, link("fifo", "place/a"));
    FAILS(EPERM, link("setuid", "place/a"));
    FAILS(EPERM, link("setgid", "place/a"));
    OK(link("shared", "place/a"));
    OK(link("mine", "place/b"));
    FAILS(EPERM, link("theirs", "closed/a"));
    FAILS(EACCES, link("mine", "closed/a"));
}

static void soft_links(void) {
    become_user(1000, 1000);
    FAILS(EACCES, access("common/of_1001", F_OK));
    OK(access("common/of_1000", F_OK));
    OK(access("common/of_root", F_OK));
    OK(access("place/of_1001", F_OK));
    FAILS(EACCES, open("common/of_1001", O_RDONLY));
    FAILS(EACCES, open("common/to_link", O_RDONLY));
    // In the middle of a path it is followed.
    OK(access("common/to_folder/shared", F_OK));
    FAILS(EACCES, access("common/to_folder", F_OK));
    FAILS(EACCES, access("common/to_folder/", F_OK));
    struct stat status;
    OK(lstat("common/of_1001", &status));
}

static void make(const char* name, mode_t mode, uid_t owner) {
    make_file(name, "x", mode);
    OK(chown(name, owner, owner));
    OK(chmod(name, mode));
}

static void make_link(const char* target, const char* name, uid_t owner) {
    OK(symlink(target, name));
    OK(lchown(name, owner, owner));
}

int main(void) {
    umask(0);
    OK(chmod(".", 0755));
    make("theirs", 0600, 1001);
    make("readable", 0644, 1001);
    make("shared", 0666, 1001);
    make("setuid", 04666, 1001);
    make("setgid", 02676, 1001);
    make("mine", 0600, 1000);
    OK(mkfifo("fifo", 0666));
    OK(mkdir("place", 0777));
    OK(mkdir("closed", 0755));
    CHILD("exit 0", hard_links());
    OK(mkdir("common", 01777));
    OK(chmod("common", 01777));
    make_link("../shared", "common/of_1001", 1001);
    make_link("../shared", "common/of_1000", 1000);
    make_link("../shared", "common/of_root", 0);
    make_link("../shared", "place/of_1001", 1001);
    make_link("of_1001", "common/to_link", 1000);
    make_link("..", "common/to_folder", 1001);
    CHILD("exit 0", soft_links());
    SAY("%s%s", content_of("/proc/sys/fs/protected_hardlinks"),
        content_of("/proc/sys/fs/protected_symlinks"));
    return done();
}
