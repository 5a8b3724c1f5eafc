// /proc/PID/oom_score_adj: how readily a process is ended when memory is short.
#include "check.h"

static int fd;

static void show(const char* when) {
    char text[32] = "";
    pread(fd, text, sizeof text - 1, 0);
    SAY("%s: %s", when, text);
}

static void give(const char* text) {
    const long result = pwrite(fd, text, strlen(text), 0);
    SAY("%s: %s", text, result < 0 ? error_name(errno) : "taken");
}

static void as_user(void) {
    become_user(1000, 1000);
    give("700"), give("300"), give("299"), give("-1000");
    show("a user's");
}

int main(void) {
    fd = OK(open("/proc/self/oom_score_adj", O_RDWR));
    show("first");
    static const char* const TEXTS[] = {"500\n", " 17 ", "-1000",       "1000", "1001", "-1001",
                                        "x",     "1x",   "99999999999", "0x10", "+5",   "300"};
    for (unsigned i = 0; i < ARRAY_SIZE(TEXTS); i++) give(TEXTS[i]);
    show("then");
    CHILD("exit 0", fd = OK(open("/proc/self/oom_score_adj", O_RDWR)); show("inherited"); as_user());
    struct stat status;
    OK(fstat(fd, &status));
    SAY("%o", status.st_mode);
    OK(stat("/proc/self/oom_score", &status));
    SAY("%o", status.st_mode);
    give("-1000");
    const int score = OK(open("/proc/self/oom_score", O_RDONLY));
    char text[32] = "";
    OK(read(score, text, sizeof text - 1));
    SAY("never ended: %s", text);
    return done();
}
