// The mode of new files: what was asked, without the bits of the umask.
#include "check.h"

int main(void) {
    struct stat s;
    IS(022, umask(027));
    IS(027, umask(0777));
    OK(close(creat("a", 0666)));
    stat("a", &s);
    SAY("%o", s.st_mode);
    IS(0777, umask(0));
    OK(close(creat("b", 07777)));
    stat("b", &s);
    SAY("%o", s.st_mode);
    OK(mkdir("c", 07777));
    stat("c", &s);
    SAY("%o", s.st_mode);
    umask(077);
    OK(mkdir("d", 0777));
    stat("d", &s);
    SAY("%o", s.st_mode);
    OK(mkfifo("e", 0666));
    stat("e", &s);
    SAY("%o", s.st_mode);
    IS(077, umask(-1));
    IS(0777, umask(0));
    int fd = OK(open("f", O_CREAT | O_RDWR, 0));
    IS(1, write(fd, "x", 1));
    return done();
}
