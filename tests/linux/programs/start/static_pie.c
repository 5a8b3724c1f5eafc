// build: static-pie
// A position-independent static program: relocated, and at another place each time.
#include "check.h"

static int value = 5;
static int* pointer = &value;

int main(int argc, char** argv) {
    if (argc > 1) {
        uintptr_t place = (uintptr_t)&main;
        write(3, &place, sizeof place);
        return 0;
    }
    IS(5, *pointer);
    TRUE(pointer == &value);
    TRUE((uintptr_t)&main > 0x10000000);
    TRUE((getauxval(AT_ENTRY) & ~0xffffful) == ((uintptr_t)&main & ~0xffffful));
    uintptr_t places[2];
    int ends[2];
    pipe(ends);
    for (int i = 0; i < 2; i++) {
        CHILD("exit 0", dup2(ends[1], 3); execl(argv[0], argv[0], "child", NULL));
        read(ends[0], &places[i], sizeof places[i]);
    }
    TRUE(places[0] != places[1]);
    return done();
}
