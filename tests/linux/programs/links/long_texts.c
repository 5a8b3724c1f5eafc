// A symbolic link of 128 bytes or more takes a page of its file system, a shorter one none.
#include "check.h"

static long free_pages(void) {
    struct statfs f;
    statfs("t", &f);
    return (long)f.f_bfree;
}

int main(void) {
    char text[200] = "";
    struct stat s;
    mkdir("t", 0755);
    OK(mount("t", "t", "tmpfs", 0, "nr_blocks=2"));
    memset(text, 'x', 127);
    OK(symlink(text, "t/short"));
    text[127] = 'x';
    OK(symlink(text, "t/long"));
    lstat("t/short", &s);
    IS(0, s.st_blocks);
    lstat("t/long", &s);
    IS(8, s.st_blocks);
    IS(1, free_pages());
    OK(symlink(text, "t/longer"));
    FAILS(ENOSPC, symlink(text, "t/too_long"));
    OK(symlink("short", "t/another"));
    OK(unlink("t/long"));
    IS(1, free_pages());
    OK(umount("t"));
    return done();
}
