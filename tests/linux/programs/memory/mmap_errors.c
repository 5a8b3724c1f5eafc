// The errnos of mmap() and munmap().
#include "check.h"

#define MAP(address, length, prot, flags, fd, offset) \
    (void*)syscall(SYS_mmap, address, (size_t)(length), prot, flags, fd, (off_t)(offset))

int main(void) {
    int ro = (make_file("file", "x", 0644), open("file", O_RDONLY)), wo = open("file", O_WRONLY), ends[2];
    pipe(ends);
    FAILS(EINVAL, MAP(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(EINVAL, MAP(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    FAILS(EINVAL, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, ro, 1));
    FAILS(EINVAL, MAP(1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    FAILS(ENOMEM, MAP(0, -1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, MAP(0, 1ul << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, MAP(KERNEL_ADDRESS, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    FAILS(ENOMEM, MAP(0x7ffffffff000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    FAILS(EBADF, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    FAILS(EBADF, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
    FAILS(EACCES, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0));
    FAILS(EACCES, MAP(0, PAGE, PROT_WRITE, MAP_SHARED, ro, 0));
    FAILS(EACCES, MAP(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, wo, 0));
    FAILS(ENODEV, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0));
    FAILS(ENODEV, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0));
    FAILS(EOVERFLOW, MAP(0, 2 * PAGE, PROT_READ, MAP_PRIVATE, ro, 0xfffffffffffff000));
    FAILS(EOPNOTSUPP, MAP(0, PAGE, PROT_READ, 3 | 0x80000, ro, 0));
    FAILS(EINVAL, munmap((void*)1, PAGE));
    FAILS(EINVAL, syscall(SYS_munmap, 0, 0));
    FAILS(EINVAL, syscall(SYS_munmap, PAGE, -1l));
    FAILS(EINVAL, syscall(SYS_munmap, KERNEL_ADDRESS, PAGE));
    FAILS(EPERM,
          (become_user(1000, 1000), MAP(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    // What the file refuses comes after what is wrong with the place.
    int unmappable[2];
    pipe(unmappable);
    FAILS(EINVAL, mmap(NULL, 0, PROT_READ, MAP_SHARED, unmappable[0], 0));
    FAILS(ENOMEM, mmap(NULL, -1ul, PROT_READ, MAP_SHARED, unmappable[0], 0));
    FAILS(EINVAL, mmap((void*)1, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, unmappable[0], 0));
    FAILS(EINVAL, mmap(NULL, PAGE, PROT_READ, 0, unmappable[1], 0));
    FAILS(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_GROWSDOWN, unmappable[1], 0));
    FAILS(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_GROWSDOWN, unmappable[0], 0));
    FAILS(ENOMEM, mprotect((void*)(1ul << 40), PAGE, PROT_READ | PROT_GROWSDOWN));
    FAILS(ENOMEM, mmap(NULL, -PAGE, 8 /* PROT_SEM */, 0, unmappable[0], PAGE));
    FAILS(EOVERFLOW, MAP(0, 2 * PAGE, PROT_READ, 0, ro, 0xfffffffffffff000));
    FAILS(EOVERFLOW, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, ro, 0x7ffffffffffff000));
    FAILS(EACCES, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0x7fffffffffffe000));
    FAILS(ENODEV, MAP(0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0x7ffffffffffff000));
    FAILS(EOVERFLOW, MAP(0, 2 * PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0xfffffffffffff000));
    // Where a fixed mapping cannot be: beyond the end before what is not aligned, and what looks like an error is one.
    const uint64_t places[] = {-1ul,    -2ul,           -14ul,          -4095ul,        -4096ul,
                               -4097ul, 0x7ffffffff000, 0x7ffffffff001, 0x800000000001, 12345};
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
        for (int flag = 0; flag < 2; flag++) {
            void* const got =
                mmap((void*)places[i], PAGE, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | (flag ? MAP_FIXED : MAP_FIXED_NOREPLACE), -1, 0);
            SAY("%lx: %d", places[i], got == MAP_FAILED ? errno : 0);
        }
    // MAP_SHARED_VALIDATE knows no newer flag than itself, and asks before it looks at the file.
    FAILS(EOPNOTSUPP, mmap((void*)0x10000000, PAGE, PROT_READ, 3 | MAP_FIXED_NOREPLACE, 0, 0));
    FAILS(EOPNOTSUPP,
          mmap((void*)0x10000000, PAGE, PROT_READ, 3 | MAP_FIXED_NOREPLACE, open("/dev/null", O_RDWR), 0));
    return done();
}
