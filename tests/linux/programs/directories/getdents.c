// getdents64(): every entry once, its type, small buffers, and its errnos.
#include "check.h"

struct entry {
    uint64_t inode;
    int64_t cookie;
    unsigned short length;
    unsigned char type;
    char name[];
};

static int compare(const void* a, const void* b) { return strcmp(*(char**)a, *(char**)b); }

int main(void) {
    make_file("file", "", 0644);
    mkdir("folder", 0755);
    symlink("file", "link");
    mkfifo("fifo", 0600);
    mknod("null", S_IFCHR | 0600, makedev(1, 3));
    int fd = OK(open(".", O_RDONLY | O_DIRECTORY)), count = 0;
    _Alignas(8) char buffer[1024];
    char* lines[20];
    long n;
    while ((n = syscall(SYS_getdents64, fd, buffer, 64)) > 0)
        for (long at = 0; at < n; at += ((struct entry*)(buffer + at))->length) {
            struct entry* entry = (struct entry*)(buffer + at);
            if (entry->length % 8 != 0) SAY("the length of an entry is no multiple of 8");
            asprintf(&lines[count++], "%s type %d", entry->name, entry->type);
        }
    IS(0, n);
    qsort(lines, count, sizeof *lines, compare);
    for (int i = 0; i < count; i++) SAY("%s", lines[i]);
    lseek(fd, 0, SEEK_SET);
    FAILS(EINVAL, syscall(SYS_getdents64, fd, buffer, 8));
    FAILS(EBADF, syscall(SYS_getdents64, 99, buffer, 1024));
    FAILS(ENOTDIR, syscall(SYS_getdents64, open("file", O_RDONLY), buffer, 1024));
    FAILS(EFAULT, syscall(SYS_getdents64, fd, unmapped(), 1024));
    int gone = open("folder", O_RDONLY);
    rmdir("folder");
    FAILS(ENOENT, syscall(SYS_getdents64, gone, buffer, 1024));
    FAILS(ENOTDIR, syscall(SYS_getdents64, eventfd(0, 0), unmapped(), 100));
    FAILS(ENOTDIR, syscall(SYS_getdents64, open("/dev/null", O_WRONLY), unmapped(), 100));
    FAILS(EBADF, syscall(SYS_getdents64, open("/", O_PATH), unmapped(), 100));
    // The newest entry comes first.
    mkdir("ordered", 0755);
    make_file("ordered/first", "", 0644);
    make_file("ordered/second", "", 0644);
    mkdir("ordered/third", 0755);
    rename("ordered/first", "ordered/last");
    DIR* ordered = opendir("ordered");
    for (struct dirent* entry; (entry = readdir(ordered)) != NULL;) SAY("%s", entry->d_name);
    closedir(ordered);
    char few[100];
    FAILS(EINVAL, syscall(SYS_getdents64, open("/", O_RDONLY), few, 0x80000000u));
    return done();
}
