// Two runs of a program have their stack, heap and mappings at different places, unless asked not to.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) {
        void* places[3] = {&argc, sbrk(0), mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
        write(3, places, sizeof places);
        return 0;
    }
    void* places[2][3];
    int ends[2];
    pipe(ends);
    for (int i = 0; i < 2; i++) {
        CHILD("exit 0", dup2(ends[1], 3); execl(argv[0], argv[0], "child", NULL));
        read(ends[0], places[i], sizeof places[i]);
    }
    SAY("stack %d heap %d mappings %d", places[0][0] != places[1][0], places[0][1] != places[1][1],
        places[0][2] != places[1][2]);
    for (int i = 0; i < 2; i++) {
        CHILD("exit 0", OK(syscall(SYS_personality, 0x0040000)); dup2(ends[1], 3);
              execl(argv[0], argv[0], "child", NULL));
        read(ends[0], places[i], sizeof places[i]);
    }
    SAY("stack %d heap %d mappings %d", places[0][0] != places[1][0], places[0][1] != places[1][1],
        places[0][2] != places[1][2]);
    return done();
}
