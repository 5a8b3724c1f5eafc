// Which of a pipe's times change when: a written byte makes a new time of modification, a page that sendfile() hands over none;
// a pipe without a name takes each access as a new one.
#include "check.h"

static const struct timespec OLD[2] = {{1000000000, 5}, {1100000000, 7}};

static void tell(const char* what, int fd) {
    struct stat status;
    fstat(fd, &status);
    SAY("%s: %s access, %s modification", what, status.st_atime < 1200000000 ? "old" : "new",
        status.st_mtime < 1200000000 ? "old" : "new");
    OK(futimens(fd, OLD));
}

static void use(int in, int out) {
    char bytes[100];
    int fd = OK(open("file", O_RDONLY));
    OK(futimens(in, OLD));
    IS(5, sendfile(out, fd, NULL, 5));
    tell("sendfile", in);
    IS(5, read(in, bytes, 100));
    tell("read", in);
    IS(3, write(out, "abc", 3));
    tell("write", in);
    IS(0, write(out, "abc", 0));
    tell("write of nothing", in);
    IS(3, read(in, bytes, 100));
    OK(futimens(in, (struct timespec[2]){OLD[1], OLD[0]}));
    IS(3, write(out, "abc", 3));
    OK(futimens(in, (struct timespec[2]){{time(NULL) - 100, 0}, OLD[0]}));
    struct stat status;
    IS(3, read(in, bytes, 100));
    fstat(in, &status);
    SAY("a young one: %s", time(NULL) - status.st_atime > 50 ? "stays" : "changes");
    FAILS(EAGAIN, read(in, bytes, 100));
    tell("read of nothing", in);
    close(fd);
}

int main(void) {
    int ends[2];
    make_file("file", "12345", 0644);
    OK(mkfifo("fifo", 0644));
    int fifo = OK(open("fifo", O_RDWR | O_NONBLOCK));
    SAY("with a name");
    use(fifo, fifo);
    OK(pipe2(ends, O_NONBLOCK));
    SAY("without");
    use(ends[0], ends[1]);
    // Nothing of a file is sent, but the file is read.
    for (int size = 0; size < 6; size += 5) {
        const int file = OK(open("file", O_RDWR));
        OK(ftruncate(file, size));
        for (size_t count = 0; count < 2; count++) {
            OK(futimens(file, OLD));
            SAY("%zd", sendfile(ends[1], file, NULL, count));
            tell("sendfile", file);
        }
        close(file);
    }
    return done();
}
