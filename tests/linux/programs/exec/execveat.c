// execveat(): by a folder's descriptor, by the program's own, and O_CLOEXEC.
#include "check.h"

extern char** environ;

int main(int argc, char** argv) {
    if (argc > 1) {
        SAY("%s runs, EXECFN %s", argv[1],
            strncmp((char*)getauxval(AT_EXECFN), "/dev/fd/", 8) ? "a path" : "/dev/fd");
        return 0;
    }
    int folder = open("/tests", O_RDONLY), self = open(argv[0], O_RDONLY | O_CLOEXEC);
    CHILD("exit 0", char* const a[] = {"x", "relative", NULL};
          syscall(SYS_execveat, folder, "exec/execveat", a, environ, 0));
    CHILD("exit 0", char* const a[] = {"x", "empty path", NULL};
          syscall(SYS_execveat, self, "", a, environ, AT_EMPTY_PATH));
    CHILD("exit 0", char* const a[] = {"x", "fexecve", NULL}; fexecve(self, a, environ));
    symlink(argv[0], "link");
    CHILD("exit 0", char* const a[] = {"x", "y", NULL};
          FAILS(ELOOP, syscall(SYS_execveat, AT_FDCWD, "link", a, environ, AT_SYMLINK_NOFOLLOW)));
    // The name comes first, then the arguments, then the flags, then the descriptor.
    char* const none[] = {NULL};
    FAILS(ENOENT, syscall(SYS_execveat, 99, "", unmapped(), none, 1));
    FAILS(EFAULT, syscall(SYS_execveat, 99, unmapped(), none, none, 1));
    FAILS(EFAULT, syscall(SYS_execveat, 99, "none", unmapped(), none, 1));
    FAILS(EFAULT, syscall(SYS_execveat, 99, "", none, unmapped(), 1 | AT_EMPTY_PATH));
    FAILS(EINVAL, syscall(SYS_execveat, 99, "none", none, none, 1));
    FAILS(EINVAL, syscall(SYS_execveat, 99, "", none, none, 1 | AT_EMPTY_PATH));
    FAILS(EBADF, syscall(SYS_execveat, 99, "none", none, none, 0));
    FAILS(EBADF, syscall(SYS_execveat, 99, "", none, none, AT_EMPTY_PATH));
    return done();
}
