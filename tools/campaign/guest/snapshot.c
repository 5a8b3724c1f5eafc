// What a program left in its folder: every name with its metadata, and a hash of what is in it.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

enum { LONGEST_PATH = 4096, DEEPEST = 24, HASHED = 1 << 16 };

uint64_t hash_bytes(const void* bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++) hash = (hash ^ ((const unsigned char*)bytes)[i]) * 0x100000001b3;
    return hash;
}

static uint64_t content_of(const char* path) {
    static unsigned char bytes[HASHED];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    return size < 0 ? 1 : hash_bytes(bytes, (size_t)size);
}

static void emit_file(const char* path, const char* shown, const struct stat* status) {
    static unsigned char record[sizeof(struct wire_file) + 2 * LONGEST_PATH];
    struct wire_file* file = (void*)record;
    memset(file, 0, sizeof(*file));
    file->mode = status->st_mode;
    file->links = (uint32_t)status->st_nlink;
    file->uid = status->st_uid;
    file->gid = status->st_gid;
    file->size = (uint64_t)status->st_size;
    file->device = status->st_rdev;
    file->blocks = (uint64_t)status->st_blocks;
    file->inode = status->st_ino;
    file->file_system = (uint32_t)status->st_dev;
    const struct timespec times[3] = {status->st_atim, status->st_mtim, status->st_ctim};
    for (int i = 0; i < 3; i++) {
        file->times[i][0] = times[i].tv_sec;
        file->times[i][1] = times[i].tv_nsec;
    }
    file->path_length = (uint16_t)strlen(shown);
    char* text = (char*)(file + 1);
    memcpy(text, shown, file->path_length);
    if (S_ISLNK(status->st_mode)) {
        const ssize_t length = readlink(path, text + file->path_length, LONGEST_PATH);
        file->target_length = (uint16_t)(length > 0 ? length : 0);
    } else if (S_ISREG(status->st_mode)) {
        file->content = content_of(path);
    }
    emit(EVENT_FILE, 0, 0, 0, record, (uint32_t)(sizeof(*file) + file->path_length + file->target_length));
}

static void walk(char* path, size_t root_length, int depth) {
    struct dirent** entries;
    const int count = depth < DEEPEST ? scandir(path, &entries, NULL, alphasort) : -1;
    const size_t length = strlen(path);
    for (int i = 0; i < count; i++) {
        const char* name = entries[i]->d_name;
        struct stat status;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && length + strlen(name) + 2 < LONGEST_PATH) {
            sprintf(path + length, "/%s", name);
            if (lstat(path, &status) == 0) {
                emit_file(path, path + root_length + 1, &status);
                if (S_ISDIR(status.st_mode)) walk(path, root_length, depth + 1);
            }
            path[length] = 0;
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

void take_snapshot(const char* folder) {
    char path[LONGEST_PATH];
    struct stat status;
    strcpy(path, folder);
    if (lstat(path, &status) == 0) emit_file(path, ".", &status);
    walk(path, strlen(folder), 0);
}
