// Access control lists: how they are set, read, listed and taken away, what they grant, what chmod and new files make of them.
#include "check.h"

#include <sys/xattr.h>

struct entry {
    uint16_t tag, perm;
    uint32_t id;
};
struct list {
    uint32_t version;
    struct entry entries[8];
};
enum { OWNER = 1, USER = 2, OF_GROUP = 4, GROUP = 8, MASK = 16, OTHER = 32 };
#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

static size_t size_of(const struct list* list) {
    size_t count = 0;
    while (count < 8 && list->entries[count].tag != 0) ++count;
    return 4 + count * sizeof(struct entry);
}
#define LIST(...) (&(struct list){2, {__VA_ARGS__}})
static int set(const char* path, const char* name, const struct list* list) {
    return setxattr(path, name, list, size_of(list), 0);
}
static void show(const char* path) {
    struct stat status;
    char names[256];
    if (lstat(path, &status) != 0) {
        SAY("%s: %s", path, error_name(errno));
        return;
    }
    SAY("%s: mode %o", path, status.st_mode);
    const ssize_t length = listxattr(path, names, sizeof names);
    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        struct list list = {0};
        const ssize_t size = getxattr(path, names + at, &list, sizeof list);
        SAY("  %s: %zd bytes, version %u", names + at, size, list.version);
        for (ssize_t i = 0; i < (size - 4) / 8; ++i)
            SAY("    %x %o %d", list.entries[i].tag, list.entries[i].perm, (int)list.entries[i].id);
    }
}
static void touch(const char* path, mode_t mode) { OK(close(open(path, O_CREAT | O_EXCL | O_RDWR, mode))); }

static void refused(void) {
    touch("f", 0640);
    char value[80] = {0};
    SAY("no list: %s, default %s", error_name((getxattr("f", ACCESS, value, 80), errno)),
        error_name((getxattr("f", DEFAULT, value, 80), errno)));
    for (int size = 1; size < 30; size += 3)
        SAY("%d zeros: %s", size,
            setxattr("f", ACCESS, value, (size_t)size, 0) == 0 ? "taken" : error_name(errno));
    FAILS(EINVAL, setxattr("f", ACCESS, LIST({OWNER, 6, 0}), 7, 0));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0}, {USER, 6, 5}, {OF_GROUP, 6, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OF_GROUP, 6, 0}, {OWNER, 6, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 8, 0}, {OF_GROUP, 6, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0}, {OTHER, 0, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS,
                      LIST({OWNER, 6, 0}, {USER, 6, ~0U}, {OF_GROUP, 6, 0}, {MASK, 6, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0}, {GROUP, 1, 5}, {OTHER, 0, 0})));
    FAILS(EINVAL, set("f", ACCESS, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0}, {64, 0, 0}, {OTHER, 0, 0})));
    FAILS(EOPNOTSUPP, setxattr("f", ACCESS, &(struct list){3, {{OWNER, 6, 0}}}, 12, 0));
    FAILS(EACCES, set("f", DEFAULT, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0}, {OTHER, 0, 0})));
    FAILS(EOPNOTSUPP, set("f", "system.posix_acl_other", LIST({OWNER, 6, 0})));
    IS(0, removexattr("f", DEFAULT));
    IS(0, removexattr("f", ACCESS));
    OK(symlink("f", "link"));
    FAILS(EOPNOTSUPP, lsetxattr("link", ACCESS, LIST({OWNER, 6, 0}, {OF_GROUP, 6, 0}, {OTHER, 0, 0}), 28, 0));
    FAILS(EINVAL, lsetxattr("link", ACCESS, value, 3, 0));
    FAILS(EOPNOTSUPP, lgetxattr("link", ACCESS, value, 80));
    FAILS(EOPNOTSUPP, lremovexattr("link", ACCESS));
    FAILS(EOPNOTSUPP, getxattr("/proc/self/stat", ACCESS, value, 80));
    show("f");
}

static void modes(void) {
    // What a mode can say becomes the mode, whatever the flags are.
    IS(0, setxattr("f", ACCESS, LIST({OWNER, 7, 1}, {OF_GROUP, 5, 2}, {OTHER, 4, 3}), 28, XATTR_REPLACE));
    show("f");
    IS(0, setxattr("f", ACCESS,
                   LIST({OWNER, 7, 0}, {USER, 6, 1000}, {USER, 0, 1001}, {OF_GROUP, 4, 0}, {GROUP, 2, 2000},
                        {MASK, 6, 0}, {OTHER, 1, 0}),
                   60, XATTR_CREATE));
    show("f");
    char small[10];
    FAILS(ERANGE, getxattr("f", ACCESS, small, sizeof small));
    IS(60, getxattr("f", ACCESS, NULL, 0));
    IS(0, chmod("f", 0754));
    show("f");
    IS(0, chmod("f", 0700));
    show("f");
    IS(0, set("f", ACCESS, LIST({OWNER, 7, 0}, {OF_GROUP, 7, 0}, {MASK, 5, 0}, {OTHER, 0, 0})));
    IS(0, setxattr("f", ACCESS, LIST({0, 0, 0}), 4, 0));
    show("f");
    IS(0, set("f", ACCESS, LIST({OWNER, 7, 0}, {OF_GROUP, 7, 0}, {MASK, 5, 0}, {OTHER, 0, 0})));
    IS(0, set("f", ACCESS, LIST({OWNER, 7, 0}, {OF_GROUP, 7, 0}, {MASK, 5, 0}, {OTHER, 0, 0})));
    FAILS(EINVAL, setxattr("f", ACCESS, "", 0, 0));
    IS(0, removexattr("f", ACCESS));
    show("f");
}

static void try_access(uid_t uid, gid_t gid) {
    CHILD("exit 0", {
        become_user(uid, gid);
        for (int wanted = 1; wanted < 8; ++wanted) {
            static const char* const names[] = {"", "x", "w", "wx", "r", "rx", "rw", "rwx"};
            SAY("%d %d %s: %s", (int)uid, (int)gid, names[wanted],
                access("shared", wanted) == 0 ? "granted" : error_name(errno));
        }
        SAY("open: %s", open("shared", O_RDWR) >= 0 ? "granted" : error_name(errno));
        SAY("set: %s", removexattr("shared", ACCESS) == 0 ? "granted" : error_name(errno));
        SAY("read: %zd", getxattr("shared", ACCESS, NULL, 0));
    });
}
static void grants(void) {
    touch("shared", 0600);
    OK(chown("shared", 500, 600));
    const struct list* lists[] = {
        LIST({OWNER, 7, 0}, {USER, 6, 1000}, {USER, 7, 1001}, {OF_GROUP, 4, 0}, {GROUP, 2, 2000},
             {MASK, 6, 0}, {OTHER, 1, 0}),
        LIST({OWNER, 0, 0}, {USER, 7, 1000}, {OF_GROUP, 0, 0}, {MASK, 7, 0}, {OTHER, 7, 0}),
        LIST({OWNER, 6, 0}, {USER, 7, 1000}, {OF_GROUP, 7, 0}, {GROUP, 7, 2000}, {MASK, 0, 0}, {OTHER, 6, 0}),
    };
    for (size_t i = 0; i < 3; ++i) {
        SAY("--- list %zu", i);
        IS(0, set("shared", ACCESS, lists[i]));
        try_access(1000, 1000);
        try_access(1001, 1000);
        try_access(1002, 600);
        try_access(1002, 2000);
        try_access(1002, 1000);
        IS(0, set("shared", ACCESS, lists[i]));
        try_access(500, 2000);
        show("shared");
    }
}

// A list may take a right away that the mode gives to everybody: a walk asks the list all the same.
static void searched(void) {
    OK(mkdir("public", 0777));
    touch("public/file", 0666);
    OK(mkdir("public/deeper", 0777));
    touch("public/deeper/file", 0666);
    IS(0, set("public", ACCESS,
              LIST({OWNER, 7, 0}, {USER, 6, 1000}, {OF_GROUP, 7, 0}, {MASK, 7, 0}, {OTHER, 7, 0})));
    show("public");
    CHILD("exit 0", {
        struct stat status;
        become_user(1000, 1000);
        FAILS(EACCES, stat("public/file", &status));
        FAILS(EACCES, stat("public/deeper/file", &status));
        FAILS(EACCES, chdir("public"));
    });
    CHILD("exit 0", {
        struct stat status;
        become_user(1001, 1000);
        OK(stat("public/deeper/file", &status));
    });
}

static void inherited(void) {
    OK(mkdir("folder", 0755));
    umask(027);
    IS(0, set("folder", DEFAULT,
              LIST({OWNER, 7, 0}, {USER, 6, 1000}, {OF_GROUP, 5, 0}, {MASK, 7, 0}, {OTHER, 5, 0})));
    show("folder");
    touch("folder/file", 0666);
    show("folder/file");
    touch("folder/private", 0600);
    show("folder/private");
    OK(mkdir("folder/inner", 0777));
    show("folder/inner");
    OK(mkfifo("folder/fifo", 0622));
    show("folder/fifo");
    OK(symlink("file", "folder/link"));
    const int unnamed = open("folder", O_TMPFILE | O_RDWR, 0666);
    TRUE(unnamed >= 0);
    IS(44, fgetxattr(unnamed, ACCESS, NULL, 0));
    IS(0, set("folder", DEFAULT, LIST({OWNER, 7, 0}, {OF_GROUP, 7, 0}, {OTHER, 7, 0})));
    touch("folder/plain", 0666);  // the umask does not count
    show("folder/plain");
    OK(mkdir("folder/deeper", 0777));
    show("folder/deeper");
    IS(0, removexattr("folder", DEFAULT));
    IS(0, removexattr("folder", DEFAULT));
    touch("folder/after", 0666);
    show("folder/after");
    show("folder");
    umask(0);
}

// The set-group-id bit goes where the caller is not in the group.
static void set_group(void) {
    touch("sgid", 0);
    OK(chown("sgid", 1000, 600));
    OK(chmod("sgid", 02770));
    CHILD("exit 0", {
        become_user(1000, 1000);
        IS(0, set("sgid", ACCESS, LIST({OWNER, 7, 0}, {OF_GROUP, 7, 0}, {MASK, 7, 0}, {OTHER, 0, 0})));
    });
    show("sgid");
}

int main(void) {
    umask(0);
    refused();
    modes();
    grants();
    searched();
    inherited();
    set_group();
    return done();
}
