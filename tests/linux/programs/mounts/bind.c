// Bind mounts show one tree at two places; moving a mount.
#include "check.h"

int main(void) {
    mkdir("a", 0755), mkdir("b", 0755), mkdir("c", 0755);
    make_file("a/file", "x", 0644), make_file("f", "f", 0644), make_file("g", "g", 0644);
    OK(mount("a", "b", NULL, MS_BIND, NULL));
    SAY("%s", content_of("b/file"));
    make_file("b/new", "n", 0644);
    SAY("%s", content_of("a/new"));
    FAILS(EXDEV, rename("a/new", "b/newer"));
    FAILS(EXDEV, link("a/new", "b/newer"));
    OK(mount("f", "g", NULL, MS_BIND, NULL));
    SAY("%s", content_of("g"));
    FAILS(EBUSY, unlink("g"));
    OK(mount(NULL, "b", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
    FAILS(EROFS, open("b/file", O_WRONLY));
    OK(close(open("a/file", O_WRONLY)));
    OK(mount("b", "c", NULL, MS_MOVE, NULL));
    SAY("%s", content_of("c/file"));
    FAILS(ENOENT, access("b/file", F_OK));
    FAILS(EINVAL, mount("a", "b", NULL, MS_MOVE, NULL));
    OK(umount("c"));
    OK(umount("g"));
    return done();
}
