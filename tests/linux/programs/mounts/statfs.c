// statfs() and fstatfs() of the file systems that are always there, and their errnos.
#include "check.h"

static void show(const char* path) {
    struct statfs f;
    if (statfs(path, &f) != 0) return SAY("%s: %s", path, error_name(errno));
    SAY("%s: type %lx, block size %ld, names %ld", path, (long)f.f_type, (long)f.f_bsize, (long)f.f_namelen);
}

int main(void) {
    struct statfs f;
    show("/proc"), show("/proc/self/status"), show("/desk"), show("/dev");
    int ends[2];
    pipe(ends);
    OK(fstatfs(ends[0], &f));
    SAY("pipe: type %lx", (long)f.f_type);
    OK(fstatfs(open("/desk", O_RDONLY), &f));
    FAILS(ENOENT, statfs("nothing", &f));
    make_file("file", "", 0600);
    FAILS(ENOTDIR, statfs("file/x", &f));
    FAILS(EBADF, fstatfs(99, &f));
    FAILS(EFAULT, statfs(unmapped(), &f));
    FAILS(EFAULT, syscall(SYS_statfs, ".", unmapped()));
    FAILS(EFAULT, syscall(SYS_fstatfs, 0, unmapped()));
    symlink("loop", "loop");
    FAILS(ELOOP, statfs("loop", &f));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, statfs(name, &f));
    mkdir("closed", 0700);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, statfs("closed/x", &f)));
    return done();
}
