// rename() of directories: over an empty one, into itself, over a file, and its errnos.
#include "check.h"

int main(void) {
    struct stat s;
    mkdir("a", 0755), mkdir("a/sub", 0755), mkdir("empty", 0755), mkdir("full", 0755);
    make_file("full/x", "", 0644), make_file("file", "", 0644);
    FAILS(ENOTEMPTY, rename("a", "full"));
    FAILS(ENOTDIR, rename("a", "file"));
    FAILS(EISDIR, rename("file", "a"));
    FAILS(EINVAL, rename("a", "a/sub/x"));
    FAILS(EINVAL, rename("a", "a/x"));
    FAILS(ENOTEMPTY, rename("a/sub", "a"));
    FAILS(EBUSY, rename("a/.", "b"));
    FAILS(EBUSY, rename("a/..", "b"));
    FAILS(EBUSY, rename("/", "/b"));
    OK(rename("a", "empty"));
    OK(access("empty/sub", F_OK));
    OK(rename("empty/", "moved/"));
    FAILS(ENOTDIR, rename("file", "new/"));
    stat(".", &s);
    IS(4, s.st_nlink);
    OK(rename("moved", "full/moved"));
    stat(".", &s);
    IS(3, s.st_nlink);
    stat("full", &s);
    IS(3, s.st_nlink);
    OK(chdir("full/moved/sub"));
    OK(rename("/desk/full/moved", "/desk/back"));
    char path[64];
    SAY("%s", getcwd(path, sizeof path));
    OK(access("../../file", F_OK));
    return done();
}
