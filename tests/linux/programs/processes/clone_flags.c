// clone(): what each flag makes common to parent and child.
#include "check.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int value;

static int body(void* unused) {
    (void)unused;
    value = 1;
    chdir("/");
    umask(0);
    close(9);
    return 7;
}

static void try_flags(const char* name, int flags) {
    value = 0;
    chdir("/desk");
    umask(022);
    dup2(0, 9);
    pid_t child = clone(body, stack + sizeof stack, flags | SIGCHLD, NULL);
    if (child < 0) return SAY("%s: %s", name, error_name(errno));
    int status;
    waitpid(child, &status, 0);
    char path[64];
    getcwd(path, sizeof path);
    SAY("%s: %s, memory %d, directory %s, mask %o, descriptor closed %d", name, ending(status), value, path,
        umask(022), fcntl(9, F_GETFD) < 0);
}

int main(void) {
    try_flags("nothing", 0);
    try_flags("CLONE_VM", CLONE_VM);
    try_flags("CLONE_FS", CLONE_FS);
    try_flags("CLONE_FILES", CLONE_FILES);
    try_flags("CLONE_VM|CLONE_VFORK", CLONE_VM | CLONE_VFORK);
    try_flags("all three", CLONE_VM | CLONE_FS | CLONE_FILES);
    try_flags("CLONE_SIGHAND without CLONE_VM", CLONE_SIGHAND);
    try_flags("CLONE_THREAD without CLONE_SIGHAND", CLONE_THREAD);
    try_flags("CLONE_FS and CLONE_NEWNS", CLONE_FS | CLONE_NEWNS);
    return done();
}
