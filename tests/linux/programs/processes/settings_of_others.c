// prctl, arch_prctl, clone and unshare: what a program is refused, and with which errno.
#include "check.h"

static const char* result(long value) { return value < 0 ? error_name(errno) : value ? "other" : "ok"; }

static void settings(void) {
    for (int option = 0; option <= 11; option++)
        SAY("PR_SET_MM %d: %s", option, result(prctl(PR_SET_MM, option, 0x1000, 0, 0)));
    SAY("PR_SET_MM 14: %s", result(prctl(PR_SET_MM, 14, 0x1000, 0, 0)));
    SAY("PR_SET_MM with a fourth: %s", result(prctl(PR_SET_MM, 1, 0, 1, 0)));
    SAY("PR_SET_MM with a fifth: %s", result(prctl(PR_SET_MM, 1, 0, 0, 1)));
    SAY("PR_CAPBSET_READ 40: %s", result(prctl(PR_CAPBSET_READ, 40, 0, 0, 0)));
    SAY("PR_CAPBSET_DROP 40: %s", result(prctl(PR_CAPBSET_DROP, 40, 0, 0, 0)));
    SAY("PR_CAPBSET_DROP 41: %s", result(prctl(PR_CAPBSET_DROP, 41, 0, 0, 0)));
    SAY("PR_CAPBSET_DROP 39 and more: %s", result(prctl(PR_CAPBSET_DROP, 39, 1, 1, 1)));
    SAY("PR_CAPBSET_READ 40: %s", result(prctl(PR_CAPBSET_READ, 40, 0, 0, 0)));
    SAY("PR_CAPBSET_READ 41: %s", result(prctl(PR_CAPBSET_READ, 41, 0, 0, 0)));
    SAY("ARCH_GET_CPUID: %s", result(syscall(SYS_arch_prctl, 0x1011, 0)));
    SAY("ARCH_SET_CPUID 0: %s", result(syscall(SYS_arch_prctl, 0x1012, 0)));
    SAY("ARCH_SET_CPUID 1: %s", result(syscall(SYS_arch_prctl, 0x1012, 1)));
}

#define CLONE_NEWCGROUP_FLAG 0x2000000
#define CLONE_NEWTIME_FLAG 0x80

// Only what is wrong for root as well: root's namespaces are there on one of the two systems.
static void contradictions(void) {
    const long FLAGS[] = {CLONE_NEWNS | CLONE_FS, CLONE_NEWUSER | CLONE_FS, CLONE_NEWPID | CLONE_THREAD,
                          CLONE_NEWNET | CLONE_SIGHAND, CLONE_THREAD | CLONE_VM};
    for (size_t i = 0; i < ARRAY_SIZE(FLAGS); i++)
        SAY("clone %lx: %s", FLAGS[i], result(syscall(SYS_clone, FLAGS[i] | SIGCHLD, 0, 0, 0, 0)));
    SAY("unshare(-1): %s", result(syscall(SYS_unshare, -1)));
    SAY("unshare(CLONE_PIDFD): %s", result(syscall(SYS_unshare, 0x1000)));
    SAY("unshare(SIGCHLD): %s", result(syscall(SYS_unshare, SIGCHLD)));
}

static void namespaces(void) {
    const long FLAGS[] = {CLONE_NEWNS,
                          CLONE_NEWCGROUP_FLAG,
                          CLONE_NEWUTS,
                          CLONE_NEWIPC,
                          CLONE_NEWPID,
                          CLONE_NEWNET,
                          CLONE_NEWIPC | CLONE_SYSVSEM,
                          CLONE_NEWNS | CLONE_NEWNET};
    for (size_t i = 0; i < ARRAY_SIZE(FLAGS); i++) {
        SAY("clone %lx: %s", FLAGS[i], result(syscall(SYS_clone, FLAGS[i] | SIGCHLD, 0, 0, 0, 0)));
        SAY("unshare %lx: %s", FLAGS[i], result(syscall(SYS_unshare, FLAGS[i])));
    }
    SAY("unshare of time: %s", result(syscall(SYS_unshare, CLONE_NEWTIME_FLAG)));
}

static char stack[65536] __attribute__((aligned(16)));

static int unshare_and_change(void* flags) {
    if (syscall(SYS_unshare, (long)flags) != 0) return 1;
    chdir("/");
    umask(0);
    close(9);
    return 0;
}

static void own(long flags) {
    char path[64];
    int status;
    chdir("/desk"), umask(022), dup2(0, 9);
    waitpid(clone(unshare_and_change, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD,
                  (void*)flags),
            &status, 0);
    SAY("unshare %lx of what is shared: %s, folder %s, mask %o, descriptor closed %d", flags, ending(status),
        getcwd(path, sizeof path), umask(022), fcntl(9, F_GETFD) < 0);
}

int main(void) {
    SAY("--- root");
    CHILD("exit 0", settings(); contradictions());
    SAY("--- a user");
    CHILD("exit 0", {
        become_user(1000, 1000);
        settings();
        contradictions();
        namespaces();
        FAILS(EPERM, prctl(PR_CAPBSET_DROP, 40));
        FAILS(EPERM, syscall(SYS_unshare, CLONE_NEWNS));
        FAILS(EINVAL, syscall(SYS_unshare, -1));
        FAILS(ENODEV, syscall(SYS_arch_prctl, 0x1012, 0));
    });
    const long HARMLESS[] = {0, CLONE_FS, CLONE_FILES, CLONE_SYSVSEM, CLONE_THREAD, CLONE_SIGHAND, CLONE_VM};
    for (size_t i = 0; i < ARRAY_SIZE(HARMLESS); i++)
        SAY("unshare %lx: %s", HARMLESS[i], result(syscall(SYS_unshare, HARMLESS[i])));
    own(0), own(CLONE_FS), own(CLONE_FILES), own(CLONE_FS | CLONE_FILES), own(CLONE_VM);
    return done();
}
