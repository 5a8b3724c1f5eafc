// An empty path is ENOENT before the descriptor beside it is looked at, except where it may name the descriptor itself.
#include "check.h"

int main(void) {
    char text[8];
    struct stat status;
    char more[256];
    int file = OK(open("file", O_CREAT | O_RDWR, 0644));
    int descriptors[] = {99, file, AT_FDCWD};
    for (int i = 0; i < 3; i++) {
        int at = descriptors[i];
        FAILS(ENOENT, openat(at, "", O_RDONLY));
        FAILS(ENOENT, openat(at, "", O_CREAT | O_RDWR, 0600));
        FAILS(ENOENT, mkdirat(at, "", 0700));
        FAILS(ENOENT, mknodat(at, "", S_IFREG | 0600, 0));
        FAILS(ENOENT, unlinkat(at, "", 0));
        FAILS(ENOENT, unlinkat(at, "", AT_REMOVEDIR));
        FAILS(ENOENT, symlinkat("text", at, ""));
        FAILS(ENOENT, symlinkat("", at, "name"));
        FAILS(ENOENT, renameat(at, "", AT_FDCWD, "x"));
        FAILS(ENOENT, renameat(AT_FDCWD, "file", at, ""));
        FAILS(ENOENT, fchmodat(at, "", 0600, 0));
        FAILS(ENOENT, fchownat(at, "", 0, 0, 0));
        FAILS(ENOENT, utimensat(at, "", NULL, 0));
        FAILS(ENOENT, syscall(SYS_futimesat, at, "", NULL));
        FAILS(ENOENT, faccessat(at, "", R_OK, 0));
        FAILS(ENOENT, fstatat(at, "", &status, 0));
        FAILS(ENOENT, syscall(SYS_statx, at, "", 0, 0, more));
        FAILS(ENOENT, syscall(SYS_execveat, at, "", NULL, NULL, 0));
        SAY("readlinkat %d: %s", i, readlinkat(at, "", text, 8) < 0 ? error_name(errno) : "ok");
        SAY("fstatat %d: %s", i, fstatat(at, "", &status, AT_EMPTY_PATH) < 0 ? error_name(errno) : "ok");
        SAY("statx %d: %s", i,
            syscall(SYS_statx, at, "", AT_EMPTY_PATH, 0, more) < 0 ? error_name(errno) : "ok");
        SAY("fchownat %d: %s", i, fchownat(at, "", 0, 0, AT_EMPTY_PATH) < 0 ? error_name(errno) : "ok");
        SAY("utimensat %d: %s", i, utimensat(at, "", NULL, AT_EMPTY_PATH) < 0 ? error_name(errno) : "ok");
    }
    FAILS(EINVAL, utimes(NULL, (struct timeval[]){{1, 1000000}, {1, 0}}));
    FAILS(EFAULT, utimes(NULL, (struct timeval[]){{1, 1}, {1, 0}}));
    return done();
}
