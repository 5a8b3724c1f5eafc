// A private file mapping: the file's bytes, zeros to the page's end, own writes, SIGBUS beyond the file.
#include "check.h"

int main(void) {
    make_file("file", "hello", 0644);
    int fd = open("file", O_RDWR);
    char* p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    SAY("%s", p);
    IS(0, p[PAGE - 1]);
    p[0] = 'J';
    SAY("%s %s", p, content_of("file"));
    CHILD("SIGBUS", SAY("%d", p[PAGE]));
    FAILS(EFAULT, write(1, p + PAGE, 1));
    ftruncate(fd, 2 * PAGE);
    IS(0, p[PAGE]);
    pwrite(fd, "z", 1, PAGE);
    IS('z', p[PAGE]);
    close(fd);
    unlink("file");
    SAY("%s", p);
    return done();
}
