// A running program cannot be written, but replaced; it goes on with what it was.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) {
        nap_ms(100);
        return 33;
    }
    static char image[1 << 20];
    ssize_t size = read(open(argv[0], O_RDONLY), image, sizeof image);
    int fd = open("program", O_CREAT | O_WRONLY, 0755);
    write(fd, image, size);
    close(fd);
    pid_t child = SPAWN(execl("program", "program", "x", NULL));
    nap_ms(30);
    FAILS(ETXTBSY, open("program", O_WRONLY));
    FAILS(ETXTBSY, open("program", O_RDONLY | O_TRUNC));
    FAILS(ETXTBSY, truncate("program", 0));
    OK(unlink("program"));
    make_file("program", "something else", 0755);
    check_end(child, "exit 33");
    OK(close(open("program", O_WRONLY)));
    return done();
}
