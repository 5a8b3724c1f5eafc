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
    // Options are a page of text, of which as much counts as there is; other texts must not be so long.
    char* text = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(text + 2 * PAGE, PAGE);
    memset(text, ',', 2 * PAGE);
    OK(mkdir("long", 0755));
    FAILS(ENOENT, mount("none", "nowhere", "tmpfs", 0, text));
    FAILS(EINVAL, mount(text, "long", "tmpfs", 0, ""));
    FAILS(EINVAL, mount("none", "long", text, 0, ""));
    FAILS(EFAULT, mount("none", "long", "tmpfs", 0, text + 2 * PAGE));
    OK(mount("none", "long", "tmpfs", 0, text));
    OK(umount("long"));
    memcpy(text + 2 * PAGE - 9, "mode=0123", 9);  // without its end
    OK(mount("none", "long", "tmpfs", 0, text + 2 * PAGE - 100));
    struct stat status;
    OK(stat("long", &status));
    SAY("%o", status.st_mode);
    OK(umount("long"));
    return done();
}
