// Mounting tmpfs: mode, owner, size and number of files; what is refused.
#include "check.h"

int main(void) {
    struct stat s;
    struct statfs f;
    mkdir("m", 0700);
    make_file("m/below", "", 0600);
    OK(mount("source", "m", "tmpfs", 0, "mode=1751,uid=5,gid=6,size=1m,nr_inodes=50"));
    stat("m", &s);
    SAY("%o %d %d", s.st_mode, s.st_uid, s.st_gid);
    FAILS(ENOENT, access("m/below", F_OK));
    OK(statfs("m", &f));
    SAY("type %lx, block size %ld, blocks %ld, free %ld, files %ld, free %ld, names %ld", (long)f.f_type,
        (long)f.f_bsize, (long)f.f_blocks, (long)f.f_bfree, (long)f.f_files, (long)f.f_ffree,
        (long)f.f_namelen);
    make_file("m/inside", "12345", 0600);
    struct stat outer;
    stat(".", &outer);
    TRUE(s.st_dev != outer.st_dev);
    FAILS(EBUSY, rmdir("m"));
    FAILS(EBUSY, rename("m", "n"));
    OK(umount("m"));
    OK(access("m/below", F_OK));
    FAILS(EINVAL, umount("m"));
    FAILS(ENODEV, mount("none", "m", "nofilesystem", 0, NULL));
    FAILS(ENOENT, mount("none", "nothing", "tmpfs", 0, NULL));
    FAILS(ENOTDIR, mount("none", "m/below", "tmpfs", 0, NULL));
    FAILS(EINVAL, mount("none", "m", "tmpfs", 0, "nonsense=1"));
    FAILS(EINVAL, mount("none", "m", "tmpfs", 0, "size=many"));
    FAILS(EFAULT, mount("none", unmapped(), "tmpfs", 0, NULL));
    FAILS(EFAULT, mount("none", "m", unmapped(), 0, NULL));
    FAILS(EINVAL, mount("none", "m", NULL, 0, NULL));
    FAILS(ENOENT, umount("nothing"));
    FAILS(EINVAL, umount2("m", 0x100));
    FAILS(EFAULT, umount(unmapped()));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, mount("none", "m", "tmpfs", 0, NULL));
          FAILS(EPERM, umount("/desk")));
    return done();
}
