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
    return done();
}
