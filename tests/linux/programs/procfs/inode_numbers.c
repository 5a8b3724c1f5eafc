// What is below /proc/PID is the same file at every look: its inode number tells, in its folder too, and so does rename.
#include "check.h"

static ino_t number_of(const char* path) {
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_ino : 0;
}

/// Of all that is in a folder: each number is that of the file, and none comes twice.
static void check_folder(const char* path) {
    DIR* folder = opendir(path);
    ino_t seen[200];
    unsigned count = 0, wrong = 0, twice = 0;
    for (struct dirent* entry; (entry = readdir(folder)) != NULL && count < ARRAY_SIZE(seen);) {
        if (entry->d_name[0] == '.') continue;
        char whole[300];
        snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
        wrong += number_of(whole) != entry->d_ino;
        for (unsigned i = 0; i < count; i++) twice += seen[i] == entry->d_ino;
        seen[count++] = entry->d_ino;
    }
    closedir(folder);
    TRUE(count > 0);
    SAY("%s: %u wrong, %u twice", path, wrong, twice);
}

int main(void) {
    static const char* const PATHS[] = {"/proc/1",           "/proc/self/",     "/proc/self/exe",
                                        "/proc/self/status", "/proc/self/fd",   "/proc/self/fdinfo/1",
                                        "/proc/self/fd/1",   "/proc/self/task", "/proc/thread-self/status"};
    for (unsigned i = 0; i < ARRAY_SIZE(PATHS); i++) {
        const ino_t number = number_of(PATHS[i]);
        unsigned others = 0;
        for (unsigned j = 0; j < i; j++) others += number == number_of(PATHS[j]);
        SAY("%s: %s, as %u others", PATHS[i],
            number != 0 && number == number_of(PATHS[i]) ? "stays" : "changes", others);
    }
    check_folder("/proc/self");
    check_folder("/proc/self/fd");
    check_folder("/proc/self/fdinfo");
    check_folder("/proc/self/task");
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/exe", getpid());
    TRUE(number_of(path) == number_of("/proc/self/exe"));
    pid_t child = SPAWN(pause());
    char other[40];
    snprintf(other, sizeof other, "/proc/%d/exe", child);
    TRUE(number_of(path) != number_of(other));

    IS(0, rename("/proc/self/exe", "/proc/self/exe"));
    IS(0, rename("/proc/self/exe", path));
    IS(0, rename("/proc/self/fd", "/proc/self/fd"));
    FAILS(EEXIST,
          syscall(SYS_renameat2, AT_FDCWD, "/proc/self/exe", AT_FDCWD, path, 1 /* RENAME_NOREPLACE */));
    snprintf(path, sizeof path, "/proc/%d", getpid());
    IS(0, rename(path, path));
    FAILS(EPERM, rename(path, "/proc/1"));
    IS(0, rename("/proc/self", "/proc/self"));
    FAILS(EPERM, rename("/proc/self/exe", "/proc/self/cwd"));
    FAILS(EPERM, rename("/proc/self/exe", other));
    kill(child, SIGKILL);
    return done();
}
