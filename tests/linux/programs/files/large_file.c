// A file of several megabytes keeps every byte.
#include "check.h"

int main(void) {
    enum { WORDS = 16384, ROUNDS = 48 };
    static uint32_t words[WORDS];
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644));
    uint32_t state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WORDS; i++) words[i] = state = state * 1664525 + 1013904223;
        if (write(fd, words, sizeof words) != sizeof words) return SAY("short write"), 1;
    }
    lseek(fd, 0, SEEK_SET);
    state = 1;
    long wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (read(fd, words, sizeof words) != sizeof words) return SAY("short read"), 1;
        for (int i = 0; i < WORDS; i++) wrong += words[i] != (state = state * 1664525 + 1013904223);
    }
    IS(0, wrong);
    IS((long)ROUNDS * sizeof words, lseek(fd, 0, SEEK_END));
    return done();
}
