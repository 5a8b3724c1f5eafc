// Prints Linux's functions with their addresses, for a profile: runs as /init where nothing else does. The package's
// System.map has none.
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char line[512];
    mkdir("/proc", 0755);
    FILE* symbols = mount("proc", "/proc", "proc", 0, NULL) == 0 ? fopen("/proc/kallsyms", "r") : NULL;
    while (symbols && fgets(line, sizeof line, symbols))
        if (strlen(line) > 18 && strchr("tTwW", line[17])) fputs(line, stdout);
    puts(symbols ? "@@DONE" : "@@FAIL no /proc/kallsyms");
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
}
