// Capabilities of files: who may set them, what execve makes of them, and what takes them away.
#include "check.h"

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

#define CAPS "security.capability"

// <linux/capability.h>, which musl does not bring.
enum { CAP_CHOWN = 0, CAP_NET_RAW = 13, VFS_CAP_FLAGS_EFFECTIVE = 1 };
enum { VFS_CAP_REVISION_1 = 0x01000000, VFS_CAP_REVISION_2 = 0x02000000, VFS_CAP_REVISION_3 = 0x03000000 };
struct vfs_cap_data {
    unsigned magic_etc;
    struct {
        unsigned permitted, inheritable;
    } data[2];
};
struct vfs_ns_cap_data {
    unsigned magic_etc;
    struct {
        unsigned permitted, inheritable;
    } data[2];
    unsigned rootid;
};

static struct vfs_cap_data caps(unsigned permitted, unsigned inheritable, int effective) {
    struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | (effective ? VFS_CAP_FLAGS_EFFECTIVE : 0)};
    data.data[0].permitted = permitted;
    data.data[0].inheritable = inheritable;
    return data;
}

static void show_own(void) {
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        unsigned effective, permitted, inheritable;
    } data[2];
    OK(syscall(SYS_capget, &header, data));
    SAY("effective %x %x permitted %x %x inheritable %x ids %d %d secure %lu", data[0].effective,
        data[1].effective, data[0].permitted, data[1].permitted, data[0].inheritable, getuid(), geteuid(),
        getauxval(AT_SECURE));
}

static void run(const char* what, unsigned permitted, unsigned inheritable, int effective, int uid,
                void (*before)(void)) {
    struct vfs_cap_data data = caps(permitted, inheritable, effective);
    OK(setxattr("program", CAPS, &data, sizeof data, 0));
    SAY("%s:", what);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (uid != 0) become_user(uid, uid);
        if (before) before();
        execl("./program", "program", "show", NULL);
        SAY("execve: %s", error_name(errno));
        fflush(stdout);
        _exit(1);
    }
    int status;
    OK(waitpid(child, &status, 0));
    SAY("ended with %d", status);
}

static void no_new_privileges(void) { OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }
static void drop_from_bounding(void) { (void)prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0); }

static void copy_program(void) {
    char buffer[65536];
    const int from = OK(open("/proc/self/exe", O_RDONLY)),
              to = OK(open("program", O_CREAT | O_TRUNC | O_WRONLY, 0755));
    for (ssize_t size; (size = read(from, buffer, sizeof buffer)) > 0;)
        OK(write(to, buffer, (size_t)size) == size ? 0 : -1);
    OK(close(from));
    OK(close(to));
}

static void setting(void) {
    struct vfs_cap_data data = caps(1, 0, 0);
    struct vfs_ns_cap_data third = {.magic_etc = VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE};
    FAILS(EINVAL, setxattr("program", CAPS, &data, 19, 0));
    FAILS(EINVAL, setxattr("program", CAPS, &data, 12, 0));
    data.magic_etc = VFS_CAP_REVISION_1;
    FAILS(EINVAL, setxattr("program", CAPS, &data, sizeof data, 0));
    data.magic_etc = VFS_CAP_REVISION_2 | 2;
    FAILS(EINVAL, setxattr("program", CAPS, &data, sizeof data, 0));
    data = caps(1, 0, 0);
    OK(chmod("program", 0777));
    CHILD("exit 0", {
        become_user(1000, 1000);
        struct vfs_cap_data own = caps(1, 0, 0);
        FAILS(EPERM, setxattr("program", CAPS, &own, sizeof own, 0));
    });
    // What belongs to this system's root is told in the older form.
    third.data[0].permitted = 6;
    OK(setxattr("program", CAPS, &third, sizeof third, 0));
    unsigned char value[32];
    const ssize_t size = getxattr("program", CAPS, value, sizeof value);
    SAY("size %zd:", size);
    for (ssize_t at = 0; at < size; ++at) SAY("%d", value[at]);
    third.rootid = 7;
    OK(setxattr("program", CAPS, &third, sizeof third, 0));
    SAY("another's: %zd", getxattr("program", CAPS, value, sizeof value));
    OK(removexattr("program", CAPS));
    FAILS(ENODATA, getxattr("program", CAPS, value, sizeof value));
}

static void show_there(const char* after) {
    char value[32];
    SAY("after %s: %s", after,
        getxattr("program", CAPS, value, sizeof value) < 0 ? error_name(errno) : "there");
    struct vfs_cap_data data = caps(1, 0, 0);
    OK(setxattr("program", CAPS, &data, sizeof data, 0));
}

static void losing(void) {
    struct vfs_cap_data data = caps(1, 0, 0);
    OK(setxattr("program", CAPS, &data, sizeof data, 0));
    OK(chmod("program", 0755));
    show_there("chmod");
    OK(chown("program", 0, 0));
    show_there("chown");
    OK(chown("program", -1, -1));
    show_there("chown of nothing");
    const int fd = OK(open("program", O_RDWR));
    OK(write(fd, "", 0) == 0 ? 0 : -1);
    show_there("a write of nothing");
    char first;
    OK(pread(fd, &first, 1, 0) == 1 ? 0 : -1);
    OK(pwrite(fd, &first, 1, 0) == 1 ? 0 : -1);
    show_there("a write");
    struct stat status;
    OK(fstat(fd, &status));
    OK(ftruncate(fd, status.st_size));
    show_there("ftruncate");
    OK(futimens(fd, NULL));
    show_there("futimens");
    OK(fallocate(fd, 0, 0, 1));
    show_there("fallocate");
    OK(close(fd));
}

int main(int count, char** words) {
    if (count == 2) {
        show_own();
        return 0;
    }
    copy_program();
    setting();
    run("permitted and effective", 1 << CAP_NET_RAW, 0, 1, 1000, NULL);
    run("permitted only", 1 << CAP_NET_RAW, 0, 0, 1000, NULL);
    run("inheritable only", 0, 1 << CAP_NET_RAW, 1, 1000, NULL);
    run("more than there are", 1 << CAP_CHOWN, 0, 1, 1000, NULL);
    run("without new privileges", 1 << CAP_NET_RAW, 0, 1, 1000, no_new_privileges);
    run("root", 1 << CAP_NET_RAW, 0, 1, 0, NULL);
    run("root without the capability", 1 << CAP_NET_RAW, 0, 1, 0, drop_from_bounding);
    run("root without the capability, not effective", 1 << CAP_NET_RAW, 0, 0, 0, drop_from_bounding);
    OK(chmod("program", 04755));
    run("set-user-id", 1 << CAP_NET_RAW, 0, 1, 1000, NULL);
    OK(chmod("program", 0755));
    struct vfs_ns_cap_data third = {.magic_etc = VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE, .rootid = 7};
    OK(setxattr("program", CAPS, &third, sizeof third, 0));
    CHILD("exit 0", become_user(1000, 1000); execl("./program", "program", "show", NULL));
    OK(setxattr("program", CAPS, "", 0, 0));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EINVAL, execl("./program", "program", "show", NULL)));
    losing();
    (void)words;
    return done();
}
