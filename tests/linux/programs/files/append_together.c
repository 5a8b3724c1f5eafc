// Several processes append to one file: no line is lost or torn.
#include "check.h"

int main(void) {
    enum { WRITERS = 4, LINES = 100 };
    pid_t writers[WRITERS];
    for (int w = 0; w < WRITERS; w++)
        writers[w] = SPAWN({
            int fd = open("log", O_CREAT | O_WRONLY | O_APPEND, 0644);
            char line[32];
            for (int i = 0; i < LINES; i++) {
                int n = snprintf(line, sizeof line, "writer %d line %03d\n", w, i);
                if (write(fd, line, n) != n) _exit(1);
                if (i % 7 == 0) sched_yield();
            }
        });
    for (int w = 0; w < WRITERS; w++) check_end(writers[w], "exit 0");
    const char* text = content_of("log");
    int count = 0, w, i, wrong = 0, next[WRITERS] = {0};
    for (; sscanf(text, "writer %d line %d", &w, &i) == 2; text = strchr(text, '\n') + 1, count++)
        wrong += i != next[w]++;
    IS(WRITERS * LINES, count);
    IS(0, wrong);
    return done();
}
