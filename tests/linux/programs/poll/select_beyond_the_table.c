// select() with numbers beyond the table of open files, and beyond its limit: which bits are looked at.
#include "check.h"

static uint64_t bits[2048];

static void try(const char* what, int count, int set) {
    memset(bits, 0, sizeof bits);
    bits[set / 64] |= 1ul << set % 64;
    struct timeval now = {0, 0};
    long n = syscall(SYS_select, count, bits, NULL, NULL, &now);
    SAY("%s: %s, bit %s", what,
        n < 0 ? error_name(errno)
        : n   ? "found"
              : "none",
        bits[set / 64] ? "stays" : "gone");
}

static void all(void) {
    const int NUMBERS[] = {63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 100000};
    char what[32];
    for (size_t i = 0; i < ARRAY_SIZE(NUMBERS); i++) {
        snprintf(what, sizeof what, "%d", NUMBERS[i]);
        try(what, NUMBERS[i] + 1, NUMBERS[i]);
        snprintf(what, sizeof what, "%d of very many", NUMBERS[i]);
        try(what, 0x7fffffff, NUMBERS[i]);
    }
}

int main(void) {
    int ends[2];
    pipe(ends);
    SAY("--- small table");
    all();
    SAY("--- table of more than 256");
    OK(dup2(ends[1], 300));
    all();
    close(300);
    SAY("--- and after that was closed");
    all();
    SAY("--- a lower limit");
    struct rlimit limit = {100, 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    all();
    CHILD("exit 0", SAY("--- in a child"); all());
    // What is at the end of the sets is not read beyond the table.
    unsigned char* hole = (unsigned char*)before_hole(8);
    memset(hole, 0, 8);
    struct timeval now = {0, 0};
    SAY("read of %s", syscall(SYS_select, 64, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "8 bytes");
    SAY("read of %s", syscall(SYS_select, 65, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "8 bytes");
    SAY("read of %s",
        syscall(SYS_select, 1 << 20, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "8 bytes");
    hole = (unsigned char*)before_hole(32);
    memset(hole, 0, 32);
    SAY("read of %s",
        syscall(SYS_select, 1 << 20, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "32 bytes");
    hole = (unsigned char*)before_hole(64);
    memset(hole, 0, 64);
    SAY("read of %s",
        syscall(SYS_select, 1 << 20, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "64 bytes");
    hole = (unsigned char*)before_hole(4);
    memset(hole, 0, 4);
    SAY("read of %s", syscall(SYS_select, 10, hole, NULL, NULL, &now) < 0 ? error_name(errno) : "4 bytes");
    return done();
}
