// A program that the limits have no room for: the old one is gone by then, and the process ends.
#include "check.h"

static volatile char big[4 << 20];  // a program that needs some memory

static void execute_with(const char* self, int resource, rlim_t soft, rlim_t hard) {
    setrlimit(resource, &(struct rlimit){soft, hard});
    execl(self, self, "x", NULL);
}

int main(int argc, char** argv) {
    if (argc > 1) {
        SAY("runs");
        return 5;
    }
    big[0] = 1;
    CHILD("SIGSEGV", execute_with(argv[0], RLIMIT_AS, 1 << 20, 1 << 20));
    CHILD("SIGSEGV", execute_with(argv[0], RLIMIT_DATA, 4096, 4096));
    CHILD("SIGSEGV", execute_with(argv[0], RLIMIT_DATA, 0, 0));
    // A soft limit of 0 is none for mappings.
    CHILD("exit 5", execute_with(argv[0], RLIMIT_DATA, 0, RLIM_INFINITY));
    // A handler, or that it is blocked or ignored, makes no difference.
    CHILD("SIGSEGV", signal(SIGSEGV, SIG_IGN); execute_with(argv[0], RLIMIT_AS, 1 << 20, 1 << 20));
    // What is wrong with the file itself comes before.
    CHILD("exit 0", setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, 1 << 20}); make_file("text", "x", 0755);
          FAILS(ENOEXEC, execl("text", "text", NULL)); FAILS(ENOENT, execl("nothing", "nothing", NULL)));
    return done();
}
