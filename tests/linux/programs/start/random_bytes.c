// AT_RANDOM: sixteen bytes, other ones in each program.
#include "check.h"

int main(int argc, char** argv) {
    unsigned char* bytes = (unsigned char*)getauxval(AT_RANDOM);
    if (argc > 1) {
        write(3, bytes, 16);
        return 0;
    }
    int ends[2], differ = 0;
    pipe(ends);
    unsigned char first[16], second[16];
    for (int i = 0; i < 2; i++) {
        CHILD("exit 0", dup2(ends[1], 3); execl(argv[0], argv[0], "child", NULL));
        IS(16, read(ends[0], i ? second : first, 16));
    }
    for (int i = 0; i < 16; i++) differ += first[i] != second[i];
    TRUE(differ > 8);
    TRUE(memcmp(bytes, first, 16) != 0);
    return done();
}
