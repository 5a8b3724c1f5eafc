// A set-user-id program gets the owner's id, AT_SECURE and a stack limit of 8 MiB at most; not on a nosuid mount, not with no-new-privileges.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) {
        uid_t r, e, s;
        gid_t rg, eg, sg;
        getresuid(&r, &e, &s), getresgid(&rg, &eg, &sg);
        struct rlimit stack;
        getrlimit(RLIMIT_STACK, &stack);
        SAY("%s: uid %d %d %d gid %d %d %d secure %ld dumpable %d stack %llu %llu", argv[1], r, e, s, rg, eg, sg,
            getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE), (unsigned long long)stack.rlim_cur,
            (unsigned long long)stack.rlim_max);
        return 0;
    }
    const struct rlimit large_stack = {64 << 20, 128 << 20};
    OK(setrlimit(RLIMIT_STACK, &large_stack));
    static char image[1 << 20];
    ssize_t size = read(open(argv[0], O_RDONLY), image, sizeof image);
    int fd = open("program", O_CREAT | O_WRONLY, 0755);
    write(fd, image, size);
    close(fd);
    const struct {
        uid_t owner;
        gid_t group;
        mode_t mode;
        const char* what;
    } kinds[] = {{0, 0, 0755, "plain"},
                 {1001, 50, 04755, "set-user-id"},
                 {1001, 50, 02755, "set-group-id"},
                 {0, 0, 06755, "both, root's"},
                 {1001, 50, 02745, "set-group-id without group execute"}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        chown("program", kinds[i].owner, kinds[i].group);
        chmod("program", kinds[i].mode);
        CHILD("exit 0", become_user(1000, 1000); execl("program", "program", kinds[i].what, NULL));
    }
    chown("program", 1001, 50);
    chmod("program", 06755);
    CHILD("exit 0", become_user(1000, 1000); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
          execl("program", "program", "no new privileges", NULL));
    mkdir("mounted", 0755);
    OK(mount("none", "mounted", "tmpfs", MS_NOSUID, NULL));
    fd = open("mounted/program", O_CREAT | O_WRONLY, 0755);
    write(fd, image, size);
    close(fd);
    chown("mounted/program", 1001, 50);
    chmod("mounted/program", 06755);
    CHILD("exit 0", become_user(1000, 1000); execl("mounted/program", "program", "nosuid", NULL));
    OK(mount(NULL, "mounted", NULL, MS_REMOUNT | MS_NOEXEC, NULL));
    FAILS(EACCES, execl("mounted/program", "program", "noexec", NULL));
    return done();
}
