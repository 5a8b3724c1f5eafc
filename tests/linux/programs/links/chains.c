// Forty links in a row can be followed, forty-one cannot.
#include "check.h"

int main(void) {
    char name[16], target[16];
    make_file("l0", "end", 0644);
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof name, "l%d", i);
        snprintf(target, sizeof target, "l%d", i - 1);
        symlink(target, name);
    }
    OK(access("l39", F_OK));
    OK(access("l40", F_OK));
    FAILS(ELOOP, access("l41", F_OK));
    mkdir("d", 0755);
    symlink(".", "d/here");
    OK(access("d/here/here/here/here", F_OK));
    symlink("/desk/d", "absolute");
    OK(access("absolute/here/../l0", F_OK));
    SAY("%s", content_of("absolute/../l40"));
    symlink("d/", "slash");
    OK(access("slash", F_OK));
    symlink("l0/", "file_slash");
    FAILS(ENOTDIR, access("file_slash", F_OK));
    return done();
}
