// fcntl(): the structure of a record lock is read before anything else is said of the command.
#include "check.h"

int main(void) {
    int fd = OK(open("file", O_CREAT | O_RDWR, 0600));
    int commands[] = {F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW};
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        SAY("command %d", commands[i]);
        FAILS(EFAULT, syscall(SYS_fcntl, fd, commands[i], NULL));
        FAILS(EFAULT, syscall(SYS_fcntl, fd, commands[i], unmapped()));
        FAILS(EFAULT, syscall(SYS_fcntl, fd, commands[i], KERNEL_ADDRESS));
        FAILS(EFAULT, syscall(SYS_fcntl, fd, commands[i], before_hole(31)));
        FAILS(EBADF, syscall(SYS_fcntl, 99, commands[i], NULL));
    }
    int path = OK(open("file", O_PATH));
    FAILS(EBADF, syscall(SYS_fcntl, path, F_SETLK, NULL));
    return done();
}
