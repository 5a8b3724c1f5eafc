// sysinfo(): plausible, and the same as /proc/meminfo and /proc/uptime say.
#include "check.h"

static long meminfo(const char* name) {
    const char* at = strstr(content_of("/proc/meminfo"), name);
    return at ? atol(at + strlen(name)) : -1;
}

int main(void) {
    struct sysinfo info;
    OK(sysinfo(&info));
    unsigned long unit = info.mem_unit, total = info.totalram * unit / 1024;
    TRUE(total == (unsigned long)meminfo("MemTotal:"));
    TRUE(total > 100 << 10 && total < 256 << 10);
    TRUE(info.freeram > 0 && info.freeram <= info.totalram);
    IS(0, info.totalswap);
    TRUE(info.procs > 1);
    TRUE(info.uptime < 100000);
    TRUE(labs(atol(content_of("/proc/uptime")) - (long)info.uptime) <= 2);
    FAILS(EFAULT, syscall(SYS_sysinfo, unmapped()));
    long free_before = info.freeram;
    char* p = anonymous(16 << 20);
    memset(p, 1, 16 << 20);
    sysinfo(&info);
    TRUE(free_before - (long)info.freeram > (12 << 20) / (long)unit);
    munmap(p, 16 << 20);
    sysinfo(&info);
    TRUE(labs(free_before - (long)info.freeram) < (4 << 20) / (long)unit);
    return done();
}
