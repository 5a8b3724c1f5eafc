// The errnos of execve().
#include "check.h"

static char* const none[] = {NULL};

int main(int argc, char** argv) {
    (void)argc;
    char* const arguments[] = {"x", NULL};
    make_file("plain", "just text", 0644);
    make_file("text", "just text, no #!", 0755);
    make_file("empty", "", 0755);
    mkdir("folder", 0755);
    symlink("loop", "loop");
    FAILS(ENOENT, execve("nothing", arguments, none));
    FAILS(ENOENT, execve("", arguments, none));
    FAILS(ENOTDIR, execve("plain/x", arguments, none));
    FAILS(EACCES, execve("plain", arguments, none));
    FAILS(EACCES, execve("folder", arguments, none));
    FAILS(EACCES, execve("/dev/null", arguments, none));
    FAILS(ENOEXEC, execve("text", arguments, none));
    FAILS(ENOEXEC, execve("empty", arguments, none));
    FAILS(ELOOP, execve("loop", arguments, none));
    FAILS(EFAULT, execve(unmapped(), arguments, none));
    FAILS(EFAULT, execve(argv[0], unmapped(), none));
    FAILS(EFAULT, execve(argv[0], arguments, KERNEL_ADDRESS));
    char* const bad[] = {"x", KERNEL_ADDRESS, NULL};
    FAILS(EFAULT, execve(argv[0], bad, none));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, execve(name, arguments, none));
    int fd = open("text", O_WRONLY);
    FAILS(ETXTBSY, execve("text", arguments, none));
    close(fd);
    mkdir("closed", 0700);
    make_file("secret", "", 0700);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, execve("closed/x", arguments, none));
          FAILS(EACCES, execve("secret", arguments, none)));
    FAILS(ENOENT, syscall(SYS_execveat, AT_FDCWD, "nothing", arguments, none, 0));
    FAILS(EBADF, syscall(SYS_execveat, 99, "nothing", arguments, none, 0));
    FAILS(EINVAL, syscall(SYS_execveat, AT_FDCWD, "text", arguments, none, 0x8000));
    return done();
}
