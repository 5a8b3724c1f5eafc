// A full tmpfs: ENOSPC for bytes and for files, and room again after deletion.
#include "check.h"

int main(void) {
    static char data[8192];
    struct statfs f;
    mkdir("m", 0755);
    OK(mount("none", "m", "tmpfs", 0, "size=64k,nr_inodes=10"));
    int fd = OK(open("m/file", O_CREAT | O_RDWR, 0644));
    long sum = 0, n;
    while ((n = write(fd, data, sizeof data)) > 0) sum += n;
    SAY("%ld bytes, then %s", sum, error_name(errno));
    FAILS(ENOSPC, write(fd, "x", 1));
    IS(1, pwrite(fd, "x", 1, 0));
    FAILS(ENOSPC, fallocate(fd, 0, 65536, 4096));
    statfs("m", &f);
    SAY("free %ld", (long)f.f_bfree);
    OK(ftruncate(fd, 10000));
    statfs("m", &f);
    SAY("free %ld", (long)f.f_bfree);
    IS(100, pwrite(fd, data, 100, 20000));
    OK(unlink("m/file"));
    statfs("m", &f);
    SAY("free while it is open %ld", (long)f.f_bfree);
    close(fd);
    statfs("m", &f);
    SAY("free %ld", (long)f.f_bfree);
    int count = 0;
    char name[16];
    for (;; count++) {
        snprintf(name, sizeof name, "m/%d", count);
        fd = open(name, O_CREAT | O_RDWR, 0644);
        if (fd < 0) break;
        close(fd);
    }
    SAY("%d files, then %s", count, error_name(errno));
    FAILS(ENOSPC, mkdir("m/folder", 0755));
    FAILS(ENOSPC, symlink("x", "m/link"));
    FAILS(ENOSPC, mkfifo("m/fifo", 0600));
    FAILS(ENOSPC, link("m/0", "m/hard"));
    OK(unlink("m/0"));
    OK(mkdir("m/folder", 0755));
    char* p = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd = open("m/1", O_RDWR), 0);
    ftruncate(fd, 32 * PAGE);
    CHILD("SIGBUS", for (int i = 0; i < 32; i++) p[i * PAGE] = 1);
    return done();
}
