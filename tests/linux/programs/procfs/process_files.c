// /proc/PID: stat, status, cmdline, comm and environ of the process itself, compared by shape.
#include "check.h"

static const char* field(const char* text, const char* name) {
    static char value[128];
    const char* at = strstr(text, name);
    if (!at) return "missing";
    at += strlen(name);
    while (*at == '\t' || *at == ' ') at++;
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
    return value;
}

int main(void) {
    char name[64] = "";
    int pid, ppid, pgrp, session, tty;
    char state;
    const char* stat_text = content_of("/proc/self/stat");
    IS(7, sscanf(stat_text, "%d (%63[^)]) %c %d %d %d %d", &pid, name, &state, &ppid, &pgrp, &session, &tty));
    TRUE(pid == getpid() && ppid == getppid() && pgrp == getpgrp() && session == getsid(0));
    SAY("name %s state %c tty %d", name, state, tty);
    int fields = 1;
    for (const char* c = stat_text; *c; c++) fields += *c == ' ';
    IS(52, fields);
    const char* status = content_of("/proc/self/status");
    SAY("Name %s", field(status, "Name:"));
    SAY("State %s", field(status, "State:"));
    SAY("Umask %s", field(status, "Umask:"));
    SAY("Uid %s", field(status, "Uid:"));
    SAY("Gid %s", field(status, "Gid:"));
    SAY("Threads %s", field(status, "Threads:"));
    SAY("SigBlk %s", field(status, "SigBlk:"));
    SAY("SigCgt %s", field(status, "SigCgt:"));
    TRUE(atoi(field(status, "Pid:")) == getpid());
    TRUE(atoi(field(status, "PPid:")) == getppid());
    TRUE(strstr(field(status, "VmRSS:"), " kB") != NULL);
    TRUE(strstr(field(status, "VmSize:"), " kB") != NULL);
    int fd = open("/proc/self/cmdline", O_RDONLY);
    char line[256];
    long n = read(fd, line, sizeof line);
    SAY("cmdline %.*s, %ld bytes", (int)n, line, n);
    SAY("comm %s", content_of("/proc/self/comm"));
    SAY("environ begins %.9s", content_of("/proc/self/environ"));
    long pages[7] = {0};
    IS(7, sscanf(content_of("/proc/self/statm"), "%ld %ld %ld %ld %ld %ld %ld", pages, pages + 1, pages + 2,
                 pages + 3, pages + 4, pages + 5, pages + 6));
    TRUE(pages[0] >= pages[1] && pages[1] > 0);
    return done();
}
