#include "check.h"

int main(void) {
    FAILS(ENOENT, open("nothing", O_RDONLY));
    FAILS(ENOENT, open("", O_RDONLY));
    return done();
}
