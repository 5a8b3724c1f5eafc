// Writes of up to PIPE_BUF bytes are never mixed, and never done in part.
#include "check.h"

int main(void) {
    enum { WRITERS = 4, ROUNDS = 60, SIZE = PIPE_BUF };
    int ends[2];
    pipe(ends);
    pid_t writers[WRITERS];
    for (int w = 0; w < WRITERS; w++)
        writers[w] = SPAWN({
            char block[SIZE];
            memset(block, 'a' + w, SIZE);
            for (int i = 0; i < ROUNDS; i++)
                if (write(ends[1], block, SIZE) != SIZE) _exit(1);
        });
    close(ends[1]);
    static char data[WRITERS * ROUNDS * SIZE + 1];
    long used = 0, n, mixed = 0;
    while ((n = read(ends[0], data + used, 3000)) > 0) used += n;
    for (long at = 0; at < used; at += SIZE)
        for (long i = 1; i < SIZE; i++) mixed += data[at + i] != data[at];
    IS((long)WRITERS * ROUNDS * SIZE, used);
    IS(0, mixed);
    for (int w = 0; w < WRITERS; w++) check_end(writers[w], "exit 0");
    pipe2(ends, O_NONBLOCK);
    IS(65536 - 100, write(ends[1], data, 65536 - 100));
    FAILS(EAGAIN, write(ends[1], data, PIPE_BUF));
    IS(100, write(ends[1], data, 100));
    return done();
}
