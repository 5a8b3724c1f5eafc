// alarm(): fires once, can be replaced and cancelled, survives exec, not fork.
#include "check.h"

static volatile int ran;
static void handler(int signal) { (void)signal, ran++; }

int main(void) {
    handle(SIGALRM, handler, 0);
    IS(0, alarm(1));
    IS(1, alarm(100));
    IS(100, alarm(50));
    CHILD("exit 0", IS(0, alarm(0)));
    IS(50, alarm(0));
    IS(0, ran);
    long start = now_ms();
    alarm(1);
    pause();
    IS(1, ran);
    TRUE(now_ms() - start >= 990);
    CHILD("SIGALRM", signal(SIGALRM, SIG_DFL); alarm(1); for (;;) pause());
    IS(0, alarm(0xffffffff) != 0);
    return done();
}
