// RLIMIT_AS bounds what can be mapped.
#include "check.h"

int main(void) {
    struct rlimit limit = {64 << 20, 64 << 20};
    OK(setrlimit(RLIMIT_AS, &limit));
    FAILS(ENOMEM, mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void* p = (void*)OK(mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, mmap(NULL, 40 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, mremap(p, 32 << 20, 80 << 20, MREMAP_MAYMOVE));
    OK(munmap(p, 32 << 20));
    OK(mmap(NULL, 40 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    TRUE(malloc(60 << 20) == NULL);
    return done();
}
