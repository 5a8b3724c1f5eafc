// Set-group-id at creation in a set-group-id folder of a foreign group: the umask does not help it past the check.
#include "check.h"

static void show(const char* what, int fd) {
    struct stat s = {0};
    fstat(fd, &s);
    SAY("%s: %o group %d", what, s.st_mode & 07777, s.st_gid);
    close(fd);
}

static void try(mode_t mask, mode_t mode) {
    umask(mask);
    SAY("umask %o, mode %o", mask, mode);
    show("open", open("d/f", O_CREAT | O_RDWR, mode));
    mknod("d/n", S_IFREG | mode, 0);
    show("mknod", open("d/n", O_PATH));
    mknod("d/p", S_IFIFO | mode, 0);
    show("fifo", open("d/p", O_PATH));
    show("O_TMPFILE", open("d", O_TMPFILE | O_RDWR, mode));
    mkdir("d/d", mode);
    show("mkdir", open("d/d", O_PATH));
    unlink("d/f"), unlink("d/n"), unlink("d/p"), rmdir("d/d");
}

static void all(void) {
    const mode_t MASKS[] = {0, 010, 022}, MODES[] = {02777, 02767, 06755, 02010, 02000};
    for (size_t i = 0; i < ARRAY_SIZE(MASKS); i++)
        for (size_t k = 0; k < ARRAY_SIZE(MODES); k++) try(MASKS[i], MODES[k]);
}

int main(void) {
    umask(0);
    mkdir("d", 0777), chown("d", 0, 5000), chmod("d", 02777);
    CHILD("exit 0", become_user(1000, 1000); all());
    CHILD("exit 0", become_user(1000, 5000); try(010, 02777));
    // Without the folder's bit the group is the maker's own.
    chmod("d", 0777);
    CHILD("exit 0", become_user(1000, 1000); try(010, 02777); try(0, 02777));
    // chmod, chown and writing.
    make_file("g", "x", 0755), chown("g", 1000, 5000);
    CHILD("exit 0", {
        become_user(1000, 1000);
        struct stat s;
        chmod("g", 02755), stat("g", &s);
        SAY("chmod by a non-member: %o", s.st_mode & 07777);
    });
    struct stat s;
    const mode_t MODES[] = {06777, 06767, 02010, 02000, 04000};
    for (size_t i = 0; i < ARRAY_SIZE(MODES); i++) {
        chmod("g", MODES[i]);
        CHILD("exit 0", setgroups(0, NULL); setresuid(1000, 1000, 1000); chown("g", -1, -1); stat("g", &s);
              SAY("chown to nothing: %o", s.st_mode & 07777));
        chmod("g", MODES[i]);
        CHILD("exit 0", setgroups(0, NULL); setresgid(5000, 5000, 5000); setresuid(1000, 1000, 1000);
              chown("g", 1000, 5000); stat("g", &s); SAY("chown by a member: %o", s.st_mode & 07777));
        chmod("g", MODES[i]), chown("g", 0, 0), stat("g", &s);
        SAY("chown by root: %o", s.st_mode & 07777);
        chown("g", 1000, 5000), chmod("g", MODES[i] | 0666);
        CHILD("exit 0", become_user(1001, 1001); int fd = open("g", O_WRONLY); write(fd, "y", 1);
              stat("g", &s); SAY("written: %o", s.st_mode & 07777));
        chmod("g", MODES[i] | 0666);
        CHILD("exit 0", become_user(1001, 1001); truncate("g", 1); stat("g", &s);
              SAY("truncated: %o", s.st_mode & 07777));
        chmod("g", MODES[i] | 0666);
        CHILD("exit 0", become_user(1001, 5000); truncate("g", 0); stat("g", &s);
              SAY("truncated by a member: %o", s.st_mode & 07777));
    }
    return done();
}
