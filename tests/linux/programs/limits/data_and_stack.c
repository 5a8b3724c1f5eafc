// RLIMIT_DATA bounds brk and private writable mappings; the values survive exec.
#include "check.h"

int main(int argc, char** argv) {
    struct rlimit limit = {32 << 20, 64 << 20};
    if (argc > 1) {
        getrlimit(RLIMIT_DATA, &limit);
        SAY("after exec %ld %ld", (long)limit.rlim_cur, (long)limit.rlim_max);
        return 0;
    }
    OK(setrlimit(RLIMIT_DATA, &limit));
    FAILS(ENOMEM, mmap(NULL, 40 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(NULL, 40 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(NULL, 40 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    OK(mmap(NULL, 20 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, mmap(NULL, 20 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHILD("exit 0", execl(argv[0], argv[0], "x", NULL));
    return done();
}
