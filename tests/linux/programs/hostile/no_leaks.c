// limit: 60
// Starting and ending processes, files, pipes and mounts over and over leaves no memory behind.
#include "check.h"

static long free_kib(void) {
    struct sysinfo info;
    sysinfo(&info);
    return info.freeram * info.mem_unit / 1024;
}

static void round_of_everything(void) {
    int ends[2];
    pipe(ends);
    write(ends[1], "some bytes", 10);
    pid_t child = fork();
    if (child == 0) {
        char* p = anonymous(64 * PAGE);
        memset(p, 1, 64 * PAGE);
        execl("/nothing", "nothing", NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    close(ends[0]), close(ends[1]);
    make_file("file", "content", 0600);
    char* p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ends[0] = open("file", O_RDWR), 0);
    p[0] = 'x';
    munmap(p, PAGE);
    close(ends[0]);
    rename("file", "other");
    unlink("other");
    mkdir("m", 0700);
    mount("none", "m", "tmpfs", 0, NULL);
    make_file("m/file", "content", 0600);
    umount("m");
    rmdir("m");
}

int main(void) {
    for (int i = 0; i < 60; i++) round_of_everything();
    nap_ms(100);
    long before = free_kib();
    for (int i = 0; i < 200; i++) round_of_everything();
    nap_ms(100);
    long lost = before - free_kib();
    if (lost > 2048) SAY("%ld KiB lost", lost);
    TRUE(lost <= 2048);
    IS(3, open("/dev/null", O_RDONLY));
    return done();
}
