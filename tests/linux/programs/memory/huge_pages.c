// mmap() of huge pages where there is no pool of them: what is wrong with the request comes first.
#include "check.h"

#define MAP(address, length, flags) \
    (syscall(SYS_mmap, address, length, PROT_READ | PROT_WRITE, MAP_HUGETLB | (flags), -1, 0))

int main(void) {
    FAILS(ENOMEM, MAP(NULL, 2 << 20, MAP_PRIVATE | MAP_ANONYMOUS));
    FAILS(ENOMEM, MAP(NULL, 2 << 20, MAP_SHARED | MAP_ANONYMOUS));
    FAILS(ENOMEM, MAP(NULL, 100, MAP_PRIVATE | MAP_ANONYMOUS));
    FAILS(ENOMEM, MAP(0x10000000, 4096, MAP_PRIVATE | MAP_ANONYMOUS));
    FAILS(ENOMEM, MAP(0x10000000, 4096, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    FAILS(EINVAL, MAP(0x10001000, 4096, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
    FAILS(EINVAL, MAP(NULL, 0, MAP_PRIVATE | MAP_ANONYMOUS));
    FAILS(EINVAL, MAP(NULL, 2 << 20, MAP_ANONYMOUS));
    FAILS(EINVAL, MAP(NULL, 2 << 20, MAP_ANONYMOUS | 0xf));
    FAILS(EBADF, MAP(NULL, 2 << 20, MAP_PRIVATE));
    int file = OK(open("file", O_CREAT | O_RDWR, 0600));
    FAILS(EINVAL, syscall(SYS_mmap, NULL, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, file, 0));
    // The offset of anonymous memory means nothing, but is checked.
    FAILS(EINVAL,
          syscall(SYS_mmap, NULL, 2 << 20, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 4096));
    FAILS(ENOMEM,
          syscall(SYS_mmap, NULL, 2 << 20, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 2 << 20));
    return done();
}
