// A second /proc and a second /dev can be mounted, and show the same.
#include "check.h"

int main(void) {
    mkdir("p", 0755), mkdir("d", 0755);
    OK(mount("proc", "p", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "p/%d/stat", getpid());
    OK(access(path, R_OK));
    TRUE(readlink("p/self", text, sizeof text) > 0 && atoi(text) == getpid());
    OK(mount("dev", "d", "devtmpfs", 0, NULL));
    OK(access("d/null", W_OK));
    OK(umount("d"));
    OK(umount("p"));
    FAILS(ENOENT, access(path, R_OK));
    return done();
}
