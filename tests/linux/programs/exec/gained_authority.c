// What a program may that is executed with other effective than real ids, by its own bits or by its caller's: alone, beside a
// process that shares its folders (CLONE_FS), and with no_new_privs.
#include "check.h"

static void tell(const char* what) {
    uid_t r, e, s;
    gid_t rg, eg, sg;
    getresuid(&r, &e, &s), getresgid(&rg, &eg, &sg);
    int death = -1;
    prctl(PR_GET_PDEATHSIG, &death);
    char permitted[32] = "", effective[32] = "", ambient[32] = "", line[128];
    FILE* status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        sscanf(line, "CapPrm: %31s", permitted);
        sscanf(line, "CapEff: %31s", effective);
        sscanf(line, "CapAmb: %31s", ambient);
    }
    SAY("%s: %d %d %d, %d %d %d, secure %lu, may %s %s %s, dumpable %d, death %d, personality %x", what, r, e,
        s, rg, eg, sg, getauxval(AT_SECURE), permitted, effective, ambient, prctl(PR_GET_DUMPABLE), death,
        (unsigned)syscall(SYS_personality, -1u));
}

static void be(const uid_t ids[3], gid_t group, gid_t effective_group) {
    setresgid(group, effective_group, effective_group);
    setresuid(ids[0], ids[1], ids[2]);
}

int main(int argc, char** argv) {
    if (argc > 1) {
        tell(argv[1]);
        return 0;
    }
    static const uid_t IDS[][3] = {{0, 0, 0}, {0, 2, 2}, {2, 0, 0}, {2, 2, 0}, {2, 2, 2}, {1000, 1001, 1002}};
    char own[4096], command[13000];
    realpath(argv[0], own);
    sprintf(command, "cp %s program && cp %s set_user && cp %s set_group", own, own, own);
    IS(0, system(command));
    chown("set_user", 0, 0), chmod("set_user", 04755);
    chown("set_group", 0, 7), chmod("set_group", 02755);
    static const char* const PROGRAMS[] = {"./program", "./set_user", "./set_group"};
    for (size_t i = 0; i < ARRAY_SIZE(IDS); i++)
        for (int kind = 0; kind < 4; kind++)
            for (int p = 0; p < 3; p++) {
                const int shares = kind & 1, no_new = kind & 2;
                char name[128];
                sprintf(name, "%d %d %d%s%s %s", IDS[i][0], IDS[i][1], IDS[i][2], shares ? ", shared" : "",
                        no_new ? ", nothing new" : "", PROGRAMS[p]);
                const pid_t pid = (pid_t)syscall(SYS_clone, (shares ? 0x200 : 0) | SIGCHLD, 0, 0, 0, 0);
                if (pid == 0) {
                    if (no_new) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                    syscall(SYS_personality, 0x0440000 | 0x0200000);
                    be(IDS[i], 5, i == 5 ? 6 : 5);
                    prctl(PR_SET_PDEATHSIG, SIGUSR1);
                    execl(PROGRAMS[p], PROGRAMS[p], name, NULL);
                    _exit(9);
                }
                int status;
                waitpid(pid, &status, 0);
                if (status != 0) SAY("%s: status %x", name, status);
            }
    return done();
}
