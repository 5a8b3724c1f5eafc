// What the kernel has, as /proc says it. Nothing here allocates: the reader must not change what it reads.
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long value_after(const char* text, const char* name) {
    const char* at = strstr(text, name);
    if (at == NULL) fail("/proc/meminfo has no %s", name);
    return strtol(at + strlen(name), NULL, 10);
}

struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int count_entries(const char* path, int (*counts)(const char* name)) {
    static char buffer[4096] __attribute__((aligned(8)));
    const int folder = open(path, O_RDONLY | O_DIRECTORY);
    if (folder < 0) fail("open %s", path);
    int count = 0;
    long size;
    while ((size = syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < size; at += ((struct entry*)(buffer + at))->length)
            count += counts(((struct entry*)(buffer + at))->name);
    }
    close(folder);
    return count;
}

static int is_number(const char* name) { return name[0] >= '0' && name[0] <= '9'; }

static const char* read_meminfo(void) {
    static char text[4096];
    const int file = open("/proc/meminfo", O_RDONLY);
    if (file < 0) fail("open /proc/meminfo");
    const long size = read(file, text, sizeof(text) - 1);
    close(file);
    if (size <= 0) fail("read /proc/meminfo");
    text[size] = '\0';
    return text;
}

struct resources read_resources(void) {
    int processes = 0, descriptors = 0;
    const char* text = "";
    // A debug kernel keeps freed memory for a while, and the heap some free objects at hand. A look gives memory back, but has itself still
    // gone round what is kept, so that a page may be empty only after the next one.
    for (int looks = 0; looks < 4; ++looks) {
        processes = count_entries("/proc", is_number);
        descriptors = count_entries("/proc/1/fd", is_number);
        text = read_meminfo();
    }
    return (struct resources){value_after(text, "MemFree:"),
                              value_after(text, "Committed_AS:"),
                              value_after(text, "PageTables:"),
                              value_after(text, "KernelStack:"),
                              value_after(text, "Shmem:"),
                              processes,
                              descriptors};
}

const char* difference(const struct resources* before, const struct resources* after) {
    static char text[256];
    text[0] = '\0';
    size_t used = 0;
#define COMPARE(field)                                                                       \
    if (before->field != after->field)                                                       \
        used += (size_t)snprintf(text + used, sizeof(text) - used, " " #field " %ld -> %ld", \
                                 (long)before->field, (long)after->field);
    COMPARE(free_kib)
    COMPARE(committed_kib)
    COMPARE(tables_kib)
    COMPARE(stacks_kib)
    COMPARE(shared_kib)
    COMPARE(processes)
    COMPARE(descriptors)
    return text;
}

int only_free_memory_differs(const struct resources* before, const struct resources* after) {
    struct resources same = *after;
    same.free_kib = before->free_kib;
    // Where memory was short, pages of /init may have been given back: they are read again once they are used.
    if (after->shared_kib < before->shared_kib) same.shared_kib = before->shared_kib;
    return *difference(before, &same) == '\0';
}
