// A zombie still belongs to its user, and keeps the signals that it has not taken. Only who waits for ends waits for it.
#include "check.h"

static const char* line_of(pid_t pid, const char* name) {
    static char text[4096];
    char path[64];
    sprintf(path, "/proc/%d/status", pid);
    const int fd = open(path, O_RDONLY);
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    char* line = strstr(text, name);
    if (line == NULL) return "none";
    line[strcspn(line, "\n/")] = 0;
    return line;
}

int main(void) {
    siginfo_t info;
    CHILD("exit 0", {
        become_user(1000, 1000);
        pid_t child = SPAWN(raise(SIGTERM));
        OK(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
        struct rlimit limit;
        OK(prlimit(child, RLIMIT_NICE, NULL, &limit));
        SAY("%s", line_of(child, "Uid:"));
        SAY("%s", line_of(child, "Gid:"));
        FAILS(ECHILD, waitid(P_PID, child, &info, WSTOPPED));
        FAILS(ECHILD, waitid(P_ALL, 0, &info, WCONTINUED | WNOHANG));
        SAY("%s", line_of(getpid(), "SigQ:"));
        check_end(child, "SIGTERM");
        SAY("%s", line_of(getpid(), "SigQ:"));
    });
    return done();
}
