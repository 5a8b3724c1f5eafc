// mprotect(): rights taken and given, parts of an area, and its errnos.
#include "check.h"

int main(void) {
    char* p = anonymous(4 * PAGE);
    memset(p, 'a', 4 * PAGE);
    OK(mprotect(p + PAGE, PAGE, PROT_READ));
    CHILD("SIGSEGV", p[PAGE] = 1);
    IS('a', p[PAGE]);
    p[0] = p[2 * PAGE] = 'b';
    OK(mprotect(p + PAGE, PAGE, PROT_NONE));
    CHILD("SIGSEGV", SAY("%d", p[PAGE]));
    OK(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE));
    IS('a', p[PAGE]);
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
    memcpy(p, code, sizeof code);
    CHILD("SIGSEGV", ((int (*)(void))p)());
    OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
    IS(42, ((int (*)(void))p)());
    CHILD("SIGSEGV", p[0] = 1);
    FAILS(EINVAL, syscall(SYS_mprotect, p + 1, PAGE, PROT_READ));
    FAILS(EINVAL, syscall(SYS_mprotect, p, PAGE, 0x40));
    FAILS(EINVAL, syscall(SYS_mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
    FAILS(ENOMEM, syscall(SYS_mprotect, KERNEL_ADDRESS, PAGE, PROT_READ));
    FAILS(ENOMEM, mprotect(unmapped(), PAGE, PROT_READ));
    OK(munmap(p + 2 * PAGE, PAGE));
    FAILS(ENOMEM, mprotect(p, 4 * PAGE, PROT_NONE));
    CHILD("SIGSEGV", SAY("%d", p[PAGE]));
    OK(syscall(SYS_mprotect, p, 0, PROT_READ));
    make_file("file", "x", 0644);
    char* shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open("file", O_RDONLY), 0);
    FAILS(EACCES, mprotect(shared, PAGE, PROT_READ | PROT_WRITE));
    return done();
}
