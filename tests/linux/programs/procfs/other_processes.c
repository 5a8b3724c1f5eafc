// The directories of other processes come and go with them; who may look.
#include "check.h"

int main(void) {
    char path[64], text[64];
    pid_t child = SPAWN(prctl(PR_SET_NAME, "sleeper"); for (;;) pause());
    nap_ms(30);
    snprintf(path, sizeof path, "/proc/%d/comm", child);
    SAY("%s", content_of(path));
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    char state = 0;
    sscanf(content_of(path), "%*d (%*[^)]) %c", &state);
    SAY("state %c", state);
    kill(child, SIGSTOP);
    waitpid(child, NULL, WUNTRACED);
    sscanf(content_of(path), "%*d (%*[^)]) %c", &state);
    SAY("state %c", state);
    DIR* proc = opendir("/proc");
    int found = 0, itself = 0, init = 0;
    for (struct dirent* entry; (entry = readdir(proc));) {
        found += atoi(entry->d_name) == child, itself += atoi(entry->d_name) == getpid(),
            init += atoi(entry->d_name) == 1;
    }
    SAY("child %d itself %d init %d", found, itself, init);
    snprintf(path, sizeof path, "/proc/%d/cwd", child);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, readlink(path, text, sizeof text)));
    int folder = (snprintf(path, sizeof path, "/proc/%d", child), open(path, O_RDONLY));
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    sscanf(content_of(path), "%*d (%*[^)]) %c", &state);
    SAY("state %c", state);
    snprintf(path, sizeof path, "/proc/%d/cmdline", child);
    SAY("cmdline of a zombie '%s'", content_of(path));
    check_end(child, "SIGKILL");
    FAILS(ENOENT, open(path, O_RDONLY));
    TRUE(syscall(SYS_getdents64, folder, text, sizeof text) <= 0);
    return done();
}
