// rename() of files: to a new name, over another, onto itself, onto a hard link of itself.
#include "check.h"

int main(void) {
    struct stat s;
    make_file("a", "a", 0644), make_file("b", "b", 0644);
    OK(rename("a", "c"));
    FAILS(ENOENT, access("a", F_OK));
    OK(rename("b", "c"));
    SAY("%s", content_of("c"));
    OK(rename("c", "c"));
    OK(link("c", "d"));
    OK(rename("c", "d"));
    OK(access("c", F_OK));
    OK(access("d", F_OK));
    stat("d", &s);
    IS(2, s.st_nlink);
    int fd = open("d", O_RDONLY);
    make_file("e", "e", 0600);
    OK(rename("e", "d"));
    char byte = 0;
    IS(1, read(fd, &byte, 1));
    SAY("the open file is still %c, the name is now %s", byte, content_of("d"));
    symlink("d", "link");
    OK(rename("link", "link2"));
    lstat("link2", &s);
    TRUE(S_ISLNK(s.st_mode));
    OK(rename("d", "link2"));
    lstat("link2", &s);
    TRUE(S_ISREG(s.st_mode));
    return done();
}
