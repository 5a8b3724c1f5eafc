// limit: 90
// A program that takes all memory is killed; the rest lives, and the memory is there again.
#include "check.h"

int main(void) {
    struct sysinfo before, after;
    sysinfo(&before);
    CHILD("SIGKILL", {
        for (;;) {
            char* p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (p == MAP_FAILED)
                nap_ms(1);
            else
                for (size_t at = 0; at < 1 << 20; at += PAGE) p[at] = 1;
        }
    });
    nap_ms(200);
    sysinfo(&after);
    TRUE(after.freeram * after.mem_unit + (8 << 20) > before.freeram * before.mem_unit);
    CHILD("exit 0", char* p = anonymous(32 << 20); memset(p, 1, 32 << 20); SAY("others can have memory"));
    return done();
}
