// Only the first class that fits counts: owner, then group, then others.
#include "check.h"

static const char* may(const char* name) {
    static char text[4];
    text[0] = access(name, R_OK) == 0 ? 'r' : '-';
    text[1] = access(name, W_OK) == 0 ? 'w' : '-';
    text[2] = access(name, X_OK) == 0 ? 'x' : '-';
    return text;
}

int main(void) {
    const mode_t modes[] = {0700, 0070, 0007, 0077, 0707, 0421, 0124};
    char name[8];
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        snprintf(name, sizeof name, "f%03o", modes[i]);
        make_file(name, "", modes[i]);
        chown(name, 1000, 50);
    }
    const struct {
        uid_t uid;
        gid_t gid, extra;
        const char* who;
    } users[] = {{1000, 1000, 1000, "owner"},
                 {1001, 50, 50, "group"},
                 {1001, 1001, 50, "supplementary"},
                 {1001, 1001, 1001, "other"},
                 {0, 0, 0, "root"}};
    for (size_t u = 0; u < ARRAY_SIZE(users); u++)
        CHILD("exit 0", {
            setgroups(1, &users[u].extra), setgid(users[u].gid), setuid(users[u].uid);
            for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                snprintf(name, sizeof name, "f%03o", modes[i]);
                SAY("%s %s %s", users[u].who, name, may(name));
            }
        });
    return done();
}
