// Names: looking up, opening, making and removing files, and listing a large folder.
#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH = 12, ENTRIES = 10000 };

static char deep[DEPTH * 8 + 8];

static void make_file(const char* name) {
    const int file = open(name, O_CREAT | O_WRONLY, 0644);
    REQUIRE(file >= 0 && write(file, "123", 3) == 3 && close(file) == 0);
}

static void make_one(void) { make_file("/desk/one"); }
static void remove_one(void) { unlink("/desk/one"); }

static enum Proof prove_stat_of(const char* name) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, name, &status) == 0 && status.st_size == 3);
    return PROVED;
}
static void run_stat_of(const char* name, long count) {
    struct stat status;
    while (count--) CALL2(SYS_stat, name, &status);
}
static enum Proof prove_stat(void) { return prove_stat_of("/desk/one"); }
static void run_stat(long count) { run_stat_of("/desk/one", count); }

static enum Proof prove_missing(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "/desk/missing", &status) == -ENOENT);
    return PROVED;
}
static void run_missing(long count) { run_stat_of("/desk/missing", count); }

static void make_deep(void) {
    deep[0] = 0;
    for (int level = 0; level < DEPTH; ++level) {
        strcat(deep, level ? "/folder" : "folder");
        REQUIRE(mkdir(deep, 0755) == 0);
    }
    strcat(deep, "/file");
    make_file(deep);
}
static void remove_deep(void) {
    REQUIRE(unlink(deep) == 0);
    for (char* slash; (slash = strrchr(deep, '/')) != NULL;) {
        *slash = 0;
        REQUIRE(rmdir(deep) == 0);
    }
}
static enum Proof prove_deep(void) { return prove_stat_of(deep); }
static void run_deep(long count) { run_stat_of(deep, count); }

static enum Proof prove_open(void) {
    char bytes[4];
    const int file = (int)CALL3(SYS_open, "/desk/one", O_RDONLY, 0);
    REQUIRE(file >= 0 && read(file, bytes, 4) == 3 && CALL1(SYS_close, file) == 0 &&
            read(file, bytes, 4) == -1);
    return PROVED;
}
static void run_open(long count) {
    while (count--) CALL1(SYS_close, CALL3(SYS_open, "/desk/one", O_RDONLY, 0));
}

static enum Proof prove_create(void) {
    struct stat status;
    const int file = (int)CALL3(SYS_open, "/desk/new", O_CREAT | O_EXCL | O_WRONLY, 0644);
    REQUIRE(file >= 0 && stat("/desk/new", &status) == 0 && close(file) == 0);
    REQUIRE(CALL1(SYS_unlink, "/desk/new") == 0 && stat("/desk/new", &status) == -1 && errno == ENOENT);
    return PROVED;
}
static void run_create(long count) {
    while (count--) {
        CALL1(SYS_close, CALL3(SYS_open, "/desk/new", O_CREAT | O_EXCL | O_WRONLY, 0644));
        CALL1(SYS_unlink, "/desk/new");
    }
}

static enum Proof prove_mkdir(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_mkdir, "/desk/dir", 0755) == 0 && stat("/desk/dir", &status) == 0 &&
            S_ISDIR(status.st_mode));
    REQUIRE(CALL1(SYS_rmdir, "/desk/dir") == 0 && stat("/desk/dir", &status) == -1);
    return PROVED;
}
static void run_mkdir(long count) {
    while (count--) {
        CALL2(SYS_mkdir, "/desk/dir", 0755);
        CALL1(SYS_rmdir, "/desk/dir");
    }
}

static enum Proof prove_rename(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_rename, "/desk/one", "/desk/two") == 0 && stat("/desk/one", &status) == -1);
    REQUIRE(CALL2(SYS_rename, "/desk/two", "/desk/one") == 0 && stat("/desk/one", &status) == 0);
    return PROVED;
}
static void run_rename(long count) {
    while (count--) {
        CALL2(SYS_rename, "/desk/one", "/desk/two");
        CALL2(SYS_rename, "/desk/two", "/desk/one");
    }
}

static void make_many(void) {
    char name[32];
    REQUIRE(mkdir("many", 0755) == 0);
    for (int i = 0; i < ENTRIES; ++i) {
        snprintf(name, sizeof name, "many/entry%d", i);
        const int file = open(name, O_CREAT | O_WRONLY, 0644);
        REQUIRE(file >= 0 && close(file) == 0);
    }
}
static void remove_many(void) {
    char name[32];
    for (int i = 0; i < ENTRIES; ++i) {
        snprintf(name, sizeof name, "many/entry%d", i);
        REQUIRE(unlink(name) == 0);
    }
    REQUIRE(rmdir("many") == 0);
}
static enum Proof prove_list(void) {
    int count = 0;
    DIR* folder = opendir("many");
    REQUIRE(folder != NULL);
    while (readdir(folder)) ++count;
    closedir(folder);
    REQUIRE(count == ENTRIES + 2);
    return PROVED;
}
static void run_list(long count) {
    while (count--) {
        const int folder = (int)CALL3(SYS_open, "many", O_RDONLY | O_DIRECTORY, 0);
        while (CALL3(SYS_getdents64, folder, buffer, 32 * KIB) > 0) {
        }
        CALL1(SYS_close, folder);
    }
}

const struct Operation name_operations[] = {
    {"stat", 1000, make_one, prove_stat, run_stat, remove_one, NULL},
    {"stat_missing", 1000, NULL, prove_missing, run_missing, NULL, NULL},
    {"stat_12_deep", 300, make_deep, prove_deep, run_deep, remove_deep, NULL},
    {"open_close", 1000, make_one, prove_open, run_open, remove_one, NULL},
    {"create_unlink", 300, NULL, prove_create, run_create, NULL, NULL},
    {"mkdir_rmdir", 300, NULL, prove_mkdir, run_mkdir, NULL, NULL},
    {"rename_twice", 300, make_one, prove_rename, run_rename, remove_one, NULL},
    {"list_10000", 2, make_many, prove_list, run_list, remove_many, NULL},
    {NULL},
};
