// One operation on a name in a folder of n names, on a file with n names or n attributes, and n folders deep.
#include "scale.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void make_file(const char* name, long bytes) {
    const int file = open(name, O_CREAT | O_WRONLY, 0644);
    REQUIRE(file >= 0 && write(file, buffer, (size_t)bytes) == bytes && close(file) == 0);
}

static void name_of(char* name, long number) { sprintf(name, "folder/name%ld", number); }

static void make_names(long count) {
    char name[40];
    REQUIRE(mkdir("folder", 0755) == 0 && mkdir("folder/inner", 0755) == 0);
    make_file("folder/one", 3);
    for (long i = 0; i < count; ++i) {
        name_of(name, i);
        REQUIRE(CALL3(SYS_mknod, name, S_IFREG | 0644, 0) == 0);
    }
}
// `count` names that were there once.
static void make_gone(long count) {
    char name[40];
    make_names(count);
    for (long i = 0; i < count; ++i) {
        name_of(name, i);
        REQUIRE(CALL1(SYS_unlink, name) == 0);
    }
}
// `count` names that were looked up and never there.
static void ask_missing(long count) {
    char name[40];
    struct stat status;
    make_names(0);
    for (long i = 0; i < count; ++i) {
        name_of(name, i);
        REQUIRE(CALL2(SYS_stat, name, &status) == -ENOENT);
    }
}
static void make_links(long count) {
    char name[40];
    make_names(0);
    for (long i = 0; i < count; ++i) {
        name_of(name, i);
        REQUIRE(CALL2(SYS_link, "folder/one", name) == 0);
    }
}
static void make_attributes(long count) {
    char name[40];
    make_names(0);
    for (long i = 0; i < count; ++i) {
        sprintf(name, "trusted.%ld", i);
        REQUIRE(CALL6(SYS_setxattr, "folder/one", name, "value", 5, 0, 0) == 0);
    }
}
// A folder whose access control list names `count` other users; the caller then looks at names as user 1000.
static void make_list(long count) {
    enum { OWNER = 1, USER = 2, OF_GROUP = 4, MASK = 16, OTHER = 32, ALL = 7 };
    struct Entry {
        uint16_t tag, permissions;
        uint32_t identity;
    };
    static struct {
        uint32_t version;
        struct Entry entries[2048];
    } list = {.version = 2};
    long used = 0;
    list.entries[used++] = (struct Entry){OWNER, ALL, 0};
    for (long i = 0; i < count; ++i) list.entries[used++] = (struct Entry){USER, ALL, (uint32_t)(2000 + i)};
    list.entries[used++] = (struct Entry){OF_GROUP, ALL, 0};
    list.entries[used++] = (struct Entry){MASK, ALL, 0};
    list.entries[used++] = (struct Entry){OTHER, ALL, 0};
    make_names(0);
    REQUIRE(CALL6(SYS_setxattr, "folder", "system.posix_acl_access", &list, 4 + 8 * used, 0, 0) == 0);
    REQUIRE(CALL1(SYS_setfsuid, 1000) == 0 && CALL1(SYS_setfsuid, -1) == 1000);
}
static void go_deep(long count) {
    for (long i = 0; i < count; ++i) REQUIRE(mkdir("d", 0755) == 0 && chdir("d") == 0);
    REQUIRE(mkdir("folder", 0755) == 0 && mkdir("folder/inner", 0755) == 0);
    make_file("folder/one", 3);
}

static void create_unlink(void) {
    REQUIRE(CALL3(SYS_mknod, "folder/new", S_IFREG | 0644, 0) == 0 && CALL1(SYS_unlink, "folder/new") == 0);
}
static void stat_one(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "folder/one", &status) == 0 && status.st_size == 3);
}
static void stat_missing(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "folder/missing", &status) == -ENOENT);
}
static void rename_one(void) {
    REQUIRE(CALL2(SYS_rename, "folder/one", "folder/two") == 0 &&
            CALL2(SYS_rename, "folder/two", "folder/one") == 0);
}
static void mkdir_rmdir(void) {
    REQUIRE(CALL2(SYS_mkdir, "folder/new", 0755) == 0 && CALL1(SYS_rmdir, "folder/new") == 0);
}
static void rename_folder(void) {
    REQUIRE(CALL2(SYS_rename, "folder", "other") == 0 && CALL2(SYS_rename, "other", "folder") == 0);
}
static void rmdir_full(void) { REQUIRE(CALL1(SYS_rmdir, "folder") == -ENOTEMPTY); }
static void rename_inner(void) {
    REQUIRE(CALL2(SYS_rename, "folder/inner", "inner") == 0 &&
            CALL2(SYS_rename, "inner", "folder/inner") == 0);
}
static void list_some(void) {
    const int folder = (int)CALL3(SYS_open, "folder", O_RDONLY | O_DIRECTORY, 0);
    REQUIRE(folder >= 0 && CALL3(SYS_getdents64, folder, buffer, 128) > 0 && CALL1(SYS_close, folder) == 0);
}
static void list_all(void) {
    long bytes;
    const int folder = (int)CALL3(SYS_open, "folder", O_RDONLY | O_DIRECTORY, 0);
    while ((bytes = CALL3(SYS_getdents64, folder, buffer, 4096)) > 0) {
    }
    REQUIRE(bytes == 0 && CALL1(SYS_close, folder) == 0);
}
static void link_once_more(void) {
    REQUIRE(CALL2(SYS_link, "folder/one", "folder/two") == 0 && CALL1(SYS_unlink, "folder/two") == 0);
}
static void open_one(void) { REQUIRE(CALL1(SYS_close, CALL3(SYS_open, "folder/one", O_RDONLY, 0)) == 0); }
static void open_above(void) { REQUIRE(CALL1(SYS_close, CALL3(SYS_open, "..", O_RDONLY, 0)) == 0); }
static void set_attribute(void) {
    REQUIRE(CALL6(SYS_setxattr, "folder/one", "trusted.new", "value", 5, 0, 0) == 0 &&
            CALL4(SYS_getxattr, "folder/one", "trusted.new", buffer, 64) == 5 &&
            CALL2(SYS_removexattr, "folder/one", "trusted.new") == 0);
}
static void list_attributes(void) { REQUIRE(CALL3(SYS_listxattr, "folder/one", NULL, 0) >= 0); }
static void ask_where(void) { REQUIRE(CALL2(SYS_getcwd, buffer, 4096) > 0); }

const struct Growth name_rows[] = {
    {"names_create_unlink", 256, NULL, make_names, create_unlink, NULL, NULL},
    {"names_stat", 256, NULL, make_names, stat_one, NULL, NULL},
    {"names_stat_missing", 256, NULL, make_names, stat_missing, NULL, NULL},
    {"names_rename", 256, NULL, make_names, rename_one, NULL, NULL},
    {"names_mkdir_rmdir", 256, NULL, make_names, mkdir_rmdir, NULL, NULL},
    {"names_rename_folder", 256, NULL, make_names, rename_folder, NULL, NULL},
    {"names_rename_across", 256, NULL, make_names, rename_inner, NULL, NULL},
    {"names_rmdir_full", 256, NULL, make_names, rmdir_full, NULL, NULL},
    {"names_list_some", 256, NULL, make_names, list_some, NULL, NULL},
    {"names_gone_create_unlink", 256, NULL, make_gone, create_unlink, NULL, NULL},
    {"names_gone_list", 256, NULL, make_gone, list_all, NULL, NULL},
    {"names_missing_stat", 256, NULL, ask_missing, stat_missing, NULL, NULL},
    {"names_set_attribute", 64, NULL, make_attributes, set_attribute, NULL, NULL},
    {"names_list_attributes", 64, "each attribute is told", make_attributes, list_attributes, NULL, NULL},
    {"names_list_entries", 64, "each entry of the list is compared with the caller", make_list, stat_one,
     NULL, NULL},
    {"names_list_all", 64, "each name is told", make_names, list_all, NULL, NULL},
    {"links_link_unlink", 256, NULL, make_links, link_once_more, NULL, NULL},
    {"links_open", 256, NULL, make_links, open_one, NULL, NULL},
    {"depth_stat", 32, NULL, go_deep, stat_one, NULL, NULL},
    {"depth_open_above", 32, NULL, go_deep, open_above, NULL, NULL},
    {"depth_create_unlink", 32, NULL, go_deep, create_unlink, NULL, NULL},
    {"depth_rename_folder", 32, "that no folder goes into itself is looked up folder by folder", go_deep,
     rename_inner, NULL, NULL},
    {"depth_getcwd", 32, "each folder's name is told", go_deep, ask_where, NULL, NULL},
    {NULL},
};
