// How much can be passed: one string of 128 KiB, a quarter of the stack limit in all.
#include "check.h"

static char* const none[] = {NULL};

int main(int argc, char** argv) {
    if (argc > 1) {
        long sum = 0;
        for (int i = 0; i < argc; i++) sum += strlen(argv[i]) + 1;
        SAY("%d arguments, %ld bytes", argc, sum - (long)strlen(argv[0]));
        return 0;
    }
    char* longest = malloc(131073);
    memset(longest, 'x', 131072);
    longest[131071] = 0;
    CHILD("exit 0", execve(argv[0], (char* const[]){argv[0], longest, NULL}, none));
    longest[131071] = 'x', longest[131072] = 0;
    FAILS(E2BIG, execve(argv[0], (char* const[]){argv[0], longest, NULL}, none));
    FAILS(E2BIG, execve(argv[0], (char* const[]){argv[0], NULL}, (char* const[]){longest, NULL}));
    char** many = calloc(100002, sizeof *many);
    for (int i = 0; i < 100001; i++) many[i] = "0123456789";
    many[0] = argv[0];
    CHILD("exit 0", execve(argv[0], many, none));
    struct rlimit limit = {1 << 20, 8 << 20};
    setrlimit(RLIMIT_STACK, &limit);
    FAILS(E2BIG, execve(argv[0], many, none));
    many[5000] = NULL;
    CHILD("exit 0", execve(argv[0], many, none));
    return done();
}
