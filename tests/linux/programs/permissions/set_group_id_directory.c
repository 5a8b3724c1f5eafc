// In a set-group-id directory new files take its group, and new directories the bit as well.
#include "check.h"

int main(void) {
    struct stat s;
    umask(0);
    mkdir("shared", 0777);
    chown("shared", 0, 50);
    chmod("shared", 02777);
    CHILD("exit 0", {
        become_user(1000, 1000);
        make_file("shared/file", "", 0644);
        mkdir("shared/folder", 0755);
        mkfifo("shared/fifo", 0644);
        close(open("shared/foreign", O_CREAT | O_RDWR, 02775));
    });
    const char* names[] = {"shared/file", "shared/folder", "shared/fifo", "shared/foreign"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        stat(names[i], &s);
        SAY("%s: %d %d %o", names[i], s.st_uid, s.st_gid, s.st_mode & 07777);
    }
    return done();
}
