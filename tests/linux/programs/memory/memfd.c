// memfd_create(): a file without a place, sealed or not.
#include "check.h"

#define MFD_CLOEXEC_ 1u
#define MFD_ALLOW_SEALING_ 2u

int main(void) {
    int fd = OK(syscall(SYS_memfd_create, "name", MFD_CLOEXEC_ | MFD_ALLOW_SEALING_));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    IS(5, write(fd, "hello", 5));
    char* p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    SAY("%.5s", p);
    IS(0, fcntl(fd, F_GET_SEALS));
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
    FAILS(EPERM, ftruncate(fd, 1));
    FAILS(EPERM, ftruncate(fd, 100));
    OK(pwrite(fd, "J", 1, 0));
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    FAILS(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    FAILS(EINVAL, syscall(SYS_memfd_create, "name", 0x1000u));
    FAILS(EFAULT, syscall(SYS_memfd_create, unmapped(), 0));
    return done();
}
