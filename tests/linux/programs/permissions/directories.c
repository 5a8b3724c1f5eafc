// Reading, writing and searching a directory are three rights.
#include "check.h"

int main(void) {
    const mode_t modes[] = {0007, 0004, 0001, 0005, 0003, 0006, 0000};
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        char name[8];
        snprintf(name, sizeof name, "d%o", modes[i]);
        mkdir(name, 0755);
        chdir(name);
        make_file("inside", "", 0666);
        chdir("..");
        chmod(name, modes[i]);
        CHILD("exit 0", {
            become_user(1000, 1000);
            char inside[20], fresh[20];
            snprintf(inside, sizeof inside, "%s/inside", name);
            snprintf(fresh, sizeof fresh, "%s/new", name);
            int list = open(name, O_RDONLY), look = open(inside, O_RDONLY), make = mkdir(fresh, 0700),
                drop = unlink(inside);
            SAY("%o: list %d, look up %d, make %d, remove %d", modes[i], list >= 0, look >= 0, make == 0,
                drop == 0);
        });
    }
    return done();
}
