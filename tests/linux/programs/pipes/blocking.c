// A reader waits for bytes, a writer for room; a big write goes through piece by piece.
#include "check.h"

int main(void) {
    enum { BIG = 300000 };
    int ends[2];
    static char data[BIG];
    pipe(ends);
    pid_t writer = SPAWN({
        close(ends[0]);
        nap_ms(50);
        for (int i = 0; i < BIG; i++) data[i] = i % 251;
        IS(BIG, write(ends[1], data, BIG));
    });
    close(ends[1]);
    long used = 0, n, wrong = 0;
    while ((n = read(ends[0], data + used, 70000)) > 0) used += n;
    for (int i = 0; i < BIG; i++) wrong += data[i] != (char)(i % 251);
    IS(BIG, used);
    IS(0, wrong);
    check_end(writer, "exit 0");
    pipe(ends);
    signal(SIGPIPE, SIG_IGN);
    writer = SPAWN(close(ends[0]); IS(65536 + PAGE, write(ends[1], data, BIG)));
    close(ends[1]);
    nap_ms(50);
    IS(PAGE, read(ends[0], data, PAGE));
    nap_ms(50);
    close(ends[0]);
    check_end(writer, "exit 0");
    return done();
}
