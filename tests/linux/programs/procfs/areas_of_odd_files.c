// /proc/self/maps of files with odd names: a line stays a line, and shared memory without a file is called /dev/zero.
#include "check.h"

static void map(const char* name) {
    int fd = OK(open(name, O_CREAT | O_RDWR, 0600));
    ftruncate(fd, PAGE);
    mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
}

int main(void) {
    char line[512];
    map("odd\nname"), map("odd name"), map("odd\tname"), map("odd\\name"), map("odd#name"),
        map("odd\\012name"), map("odd gone\n");
    unlink("odd gone\n");
    mkdir("odd\nfolder", 0755), map("odd\nfolder/in");
    mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, OK(open("/dev/zero", O_RDWR)), 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, OK(open("/dev/zero", O_RDWR)), 0);
    FILE* maps = fopen("/proc/self/maps", "r");
    int lines = 0, wrong = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, offset, inode;
        unsigned major, minor;
        char rights[5];
        int name = 0;
        wrong += sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, rights, &offset, &major, &minor,
                        &inode, &name) != 7;
        if (strstr(line, "odd") || strstr(line, "zero"))
            lines++, SAY("%s %lx, device %d, inode %d, %ld pages, '%.*s'", rights, offset, minor != 0,
                         inode != 0, (end - start) / PAGE, (int)strcspn(line + name, "\n"), line + name);
    }
    SAY("%d lines", lines);
    IS(0, wrong);
    return done();
}
