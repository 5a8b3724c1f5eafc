// limit: 30
// A program that starts itself a hundred times in a row, in one process.
#include "check.h"

int main(int argc, char** argv) {
    int left = argc > 1 ? atoi(argv[1]) : 100;
    if (left == 0) {
        SAY("the same process all the time: %d, descriptors: %d", atoi(argv[2]) == getpid(),
            open("/dev/null", O_RDONLY));
        return 0;
    }
    char count[16], pid[16];
    snprintf(count, sizeof count, "%d", left - 1);
    snprintf(pid, sizeof pid, "%d", getpid());
    execl(argv[0], argv[0], count, argc > 2 ? argv[2] : pid, NULL);
    return 1;
}
