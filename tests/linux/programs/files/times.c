// When the three times of a file change, and when they do not.
#include "check.h"

static struct stat before, after;

static const char* changes(void) {
    static char text[4];
    snprintf(text, sizeof text, "%s%s%s",
             memcmp(&before.st_atim, &after.st_atim, sizeof after.st_atim) ? "a" : "-",
             memcmp(&before.st_mtim, &after.st_mtim, sizeof after.st_mtim) ? "m" : "-",
             memcmp(&before.st_ctim, &after.st_ctim, sizeof after.st_ctim) ? "c" : "-");
    return text;
}

#define CHANGES(path, ...)                   \
    do {                                     \
        stat(path, &before);                 \
        nap_ms(30);                          \
        __VA_ARGS__;                         \
        stat(path, &after);                  \
        SAY(#__VA_ARGS__ ": %s", changes()); \
    } while (0)

int main(void) {
    make_file("file", "12345", 0640);
    mkdir("folder", 0755);
    int fd = open("file", O_RDWR);
    CHANGES("file", write(fd, "x", 1));
    CHANGES("file", ftruncate(fd, 2));
    CHANGES("file", chmod("file", 0600));
    CHANGES("file", chown("file", 1, 1));
    CHANGES("file", link("file", "hard"));
    CHANGES("file", rename("file", "file2"); rename("file2", "file"));
    CHANGES("file", close(open("file", O_RDONLY)));
    CHANGES("file", access("file", R_OK));
    CHANGES("file", close(open("file", O_RDWR | O_TRUNC)));
    int other = open("file", O_RDWR);
    CHANGES("file", FAILS(EFAULT, pwrite(other, unmapped(), 10, 0)));
    CHANGES("file", pwrite(other, "", 0, 0));
    CHANGES("folder", make_file("folder/x", "", 0600));
    CHANGES("folder", unlink("folder/x"));
    CHANGES("folder", mkdir("folder/y", 0700));
    CHANGES("folder/y", rename("folder/y", "folder/z"); rename("folder/z", "folder/y"));
    CHANGES("folder", rmdir("folder/y"));
    return done();
}
