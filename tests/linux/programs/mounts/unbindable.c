// MS_UNBINDABLE: a mount that cannot be bound elsewhere, and is left out where what it lies on is.
#include "check.h"

int main(void) {
    mkdir("a", 0755), mkdir("b", 0755);
    FAILS(EINVAL, mount(NULL, "a", NULL, MS_UNBINDABLE, NULL));
    OK(mount("t", "a", "tmpfs", 0, NULL));
    mkdir("a/inner", 0755), mkdir("a/other", 0755);
    OK(mount("inner", "a/inner", "tmpfs", 0, NULL));
    OK(mount("other", "a/other", "tmpfs", 0, NULL));
    make_file("a/inner/file", "x", 0644), make_file("a/other/file", "y", 0644);
    FAILS(EINVAL, mount(NULL, "a/inner", NULL, MS_UNBINDABLE | MS_PRIVATE, NULL));
    FAILS(EINVAL, mount(NULL, "a/inner", NULL, MS_UNBINDABLE | MS_NOSUID, NULL));
    OK(mount(NULL, "a/inner", NULL, MS_UNBINDABLE, NULL));
    TRUE(strstr(content_of("/proc/self/mountinfo"), " unbindable - tmpfs inner ") != NULL);
    FAILS(EINVAL, mount("a/inner", "b", NULL, MS_BIND, NULL));
    OK(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
    FAILS(ENOENT, access("b/inner/file", F_OK));
    OK(access("b/other/file", F_OK));
    OK(umount2("b", MNT_DETACH));
    OK(mount(NULL, "a/inner", NULL, MS_SLAVE, NULL));
    FAILS(EINVAL, mount("a/inner", "b", NULL, MS_BIND, NULL));
    OK(mount(NULL, "a", NULL, MS_PRIVATE | MS_REC, NULL));
    OK(mount("a/inner", "b", NULL, MS_BIND, NULL));
    OK(umount("b"));
    OK(mount(NULL, "a", NULL, MS_UNBINDABLE | MS_REC, NULL));
    FAILS(EINVAL, mount("a/other", "b", NULL, MS_BIND, NULL));
    FAILS(EINVAL, mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
    OK(umount2("a", MNT_DETACH));
    return done();
}
