// renameat2(): RENAME_NOREPLACE and RENAME_EXCHANGE.
#include "check.h"

#define NOREPLACE 1
#define EXCHANGE 2
#define WHITEOUT 4

static long renameat2_(const char* from, const char* to, unsigned flags) {
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

int main(void) {
    make_file("a", "A", 0644), make_file("b", "B", 0644);
    mkdir("folder", 0755), mkdir("folder/sub", 0755);
    FAILS(EEXIST, renameat2_("a", "b", NOREPLACE));
    FAILS(EEXIST, renameat2_("a", "a", NOREPLACE));
    OK(renameat2_("a", "c", NOREPLACE));
    OK(renameat2_("b", "c", EXCHANGE));
    SAY("b %s", content_of("b"));
    SAY("c %s", content_of("c"));
    OK(renameat2_("b", "folder", EXCHANGE));
    SAY("folder %s", content_of("folder"));
    OK(access("b/sub", F_OK));
    FAILS(ENOENT, renameat2_("b", "nothing", EXCHANGE));
    FAILS(EINVAL, renameat2_("b", "b/sub", EXCHANGE));
    FAILS(EINVAL, renameat2_("b/sub", "b", EXCHANGE));
    FAILS(EINVAL, renameat2_("b", "c", EXCHANGE | NOREPLACE));
    FAILS(EINVAL, renameat2_("b", "c", 0x100));
    FAILS(EINVAL, renameat2_("b", "c", EXCHANGE | WHITEOUT));
    OK(renameat2_("b", "d", 0));
    // What a whiteout leaves behind.
    struct stat left;
    make_file("covered", "covered", 0644);
    make_file("replaced", "replaced", 0644);
    OK(syscall(SYS_renameat2, AT_FDCWD, "covered", AT_FDCWD, "replaced", 4));
    SAY("%s", content_of("replaced"));
    OK(lstat("covered", &left));
    SAY("%o %ld %ld", left.st_mode, (long)left.st_rdev, (long)left.st_nlink);
    FAILS(ENXIO, open("covered", O_RDONLY));
    FAILS(EEXIST, mkdir("covered", 0755));
    OK(unlink("covered"));
    mkdir("emptied", 0755), mkdir("taken", 0755), mkdir("taken/inner", 0755);
    FAILS(ENOTEMPTY, syscall(SYS_renameat2, AT_FDCWD, "emptied", AT_FDCWD, "taken", 4));
    TRUE(lstat("emptied", &left) == 0 && S_ISDIR(left.st_mode));
    FAILS(EINVAL, syscall(SYS_renameat2, AT_FDCWD, "taken", AT_FDCWD, "replaced", 4 | 2));
    // Flags, then the old path, then the new one.
    FAILS(EINVAL, syscall(SYS_renameat2, AT_FDCWD, unmapped(), AT_FDCWD, unmapped(), 3));
    FAILS(ENOENT, syscall(SYS_renameat2, AT_FDCWD, "nowhere/a", AT_FDCWD, unmapped(), 0));
    FAILS(EFAULT, syscall(SYS_renameat2, AT_FDCWD, "replaced", AT_FDCWD, unmapped(), 0));
    FAILS(ENOENT, linkat(AT_FDCWD, "nowhere", AT_FDCWD, unmapped(), 0));
    return done();
}
