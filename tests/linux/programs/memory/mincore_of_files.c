// mincore() tells which pages of a file are in memory only to those who may write the file or own it.
#include "check.h"

static void try(const char* what, const char* name, int flags) {
    unsigned char map[4] = {9, 9, 9, 9};
    int fd = open(name, flags);
    if (fd < 0) return SAY("%s: %s", what, error_name(errno));
    char* p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    mincore(p, 4 * PAGE, map);
    SAY("%s: shared %d %d %d %d", what, map[0], map[1], map[2], map[3]);
    p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    mincore(p, 4 * PAGE, map);
    SAY("%s: private %d %d %d %d", what, map[0], map[1], map[2], map[3]);
    p[PAGE] = 1;
    mincore(p, 4 * PAGE, map);
    SAY("%s: written %d %d %d %d", what, map[0], map[1], map[2], map[3]);
}

static void file(const char* name, mode_t mode, int uid) {
    int fd = open(name, O_CREAT | O_RDWR, 0600);
    ftruncate(fd, 4 * PAGE);
    pwrite(fd, "x", 1, 0), pwrite(fd, "x", 1, 3 * PAGE);
    fchown(fd, uid, uid), fchmod(fd, mode);
    close(fd);
}

int main(void) {
    file("own", 0400, 1000), file("writable", 0666, 0), file("readable", 0644, 0);
    try("root", "own", O_RDONLY), try("root", "readable", O_RDWR);
    CHILD("exit 0", {
        become_user(1000, 1000);
        try("own", "own", O_RDONLY), try("writable", "writable", O_RDONLY),
            try("readable", "readable", O_RDONLY);
        unsigned char map[4];
        char* p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        p[PAGE] = 1;
        mincore(p, 4 * PAGE, map);
        SAY("shared memory: %d %d %d %d", map[0], map[1], map[2], map[3]);
    });
    return done();
}
