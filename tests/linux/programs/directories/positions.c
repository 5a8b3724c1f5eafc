// A position in a directory is the number of entries before it, and stays with the entry that comes next.
#include "check.h"

static int fd;

static void show(const char* what, int size) {
    char buffer[4096], line[400] = "";
    long count = syscall(SYS_getdents64, fd, buffer, size);
    int length = 0;
    for (long at = 0; at < count;) {
        struct dirent64* entry = (struct dirent64*)(buffer + at);
        length += sprintf(line + length, " %s:%ld", entry->d_name, (long)entry->d_off);
        at += entry->d_reclen;
    }
    SAY("%s: %s%s at %ld", what, count < 0 ? error_name(errno) : "ok", line, (long)lseek(fd, 0, SEEK_CUR));
}

int main(void) {
    OK(mkdir("folder", 0755));
    OK(chdir("folder"));
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        make_file(name, "", 0644);
    }
    fd = OK(open(".", O_RDONLY | O_DIRECTORY));
    show("too small", 20);
    show("one", 24);
    show("two more", 48);
    show("rest", 4096);
    show("end", 4096);
    show("end, no room", 0);
    IS(100, lseek(fd, 100, SEEK_SET));
    show("far behind", 4096);
    show("far behind, no room", 1);
    for (int place = 0; place < 10; place++) {
        IS(place, lseek(fd, place, SEEK_SET));
        show("from there", 4096);
    }
    IS(4, lseek(fd, 4, SEEK_SET));
    OK(unlink("f4"));
    make_file("new", "", 0644);
    show("with others before", 4096);
    IS(3, lseek(fd, 3, SEEK_SET));
    OK(unlink("f5"));
    show("the next is gone", 48);
    OK(rename("f0", "f9"));
    show("one moved to the front", 4096);
    IS(2, lseek(fd, 2, SEEK_SET));
    show("all", 4096);
    OK(syscall(SYS_renameat2, AT_FDCWD, "f1", AT_FDCWD, "f2", 2));
    IS(2, lseek(fd, 2, SEEK_SET));
    show("two exchanged", 4096);
    OK(mkdir("other", 0755));
    make_file("other/o1", "", 0644);
    make_file("other/o2", "", 0644);
    OK(syscall(SYS_renameat2, AT_FDCWD, "f3", AT_FDCWD, "other/o1", 2));
    IS(2, lseek(fd, 2, SEEK_SET));
    show("exchanged with another folder's", 4096);
    fd = OK(open("other", O_RDONLY | O_DIRECTORY));
    show("that", 4096);
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(EINVAL, lseek(fd, 0, SEEK_END));
    static const char* const FOLDERS[] = {
        ".", "/proc", "/proc/self", "/proc/self/fd", "/proc/self/task", "/proc/sys"};
    for (unsigned i = 0; i < ARRAY_SIZE(FOLDERS); i++) {
        const int folder = OK(open(FOLDERS[i], O_RDONLY));
        for (int whence = 0; whence <= 5; whence++) {
            const long start = lseek(folder, 0, whence), start_error = errno;
            const long later = lseek(folder, 4095, whence), later_error = errno;
            SAY("%s from %d: %ld %s, %ld %s", FOLDERS[i], whence, start,
                start < 0 ? error_name(start_error) : "", later, later < 0 ? error_name(later_error) : "");
        }
        close(folder);
    }
    return done();
}
