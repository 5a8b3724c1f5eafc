// Ids and capabilities over execve: root becomes a user for good, the saved id follows the effective one.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) {
        uid_t r, e, s;
        getresuid(&r, &e, &s);
        SAY("%s: %d %d %d, can become root: %d", argv[1], r, e, s,
            syscall(SYS_setuid, 0) == 0 && getuid() == 0);
        return 0;
    }
    CHILD("exit 0", setresuid(1000, 1000, 0); execl(argv[0], argv[0], "saved root", NULL));
    CHILD("exit 0", setresuid(1000, 0, 1000); execl(argv[0], argv[0], "effective root", NULL));
    CHILD("exit 0", setresuid(0, 1000, 1000); execl(argv[0], argv[0], "real root", NULL));
    CHILD("exit 0", setuid(1000); execl(argv[0], argv[0], "user", NULL));
    return done();
}
