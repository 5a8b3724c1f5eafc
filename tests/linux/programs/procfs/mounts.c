// /proc/mounts and /proc/self/mountinfo name what is mounted, with escapes and options.
#include "check.h"

static void lines_with(const char* path, const char* word) {
    char* text = strdup(content_of(path));
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, word)) SAY("%s", line);
    free(text);
}

int main(void) {
    mkdir("a b", 0755), mkdir("plain", 0755);
    OK(mount("my source", "a b", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700"));
    OK(mount("none", "plain", "tmpfs", MS_RDONLY, "size=1m"));
    lines_with("/proc/mounts", "my");
    lines_with("/proc/self/mounts", "plain");
    OK(mount(NULL, "plain", NULL, MS_REMOUNT, "size=2m"));
    lines_with("/proc/mounts", "plain");
    int id, parent;
    char* line = strstr(strdup(content_of("/proc/self/mountinfo")), "/desk/plain");
    TRUE(line != NULL);
    while (line[-1] != '\n') line--;
    IS(2, sscanf(line, "%d %d", &id, &parent));
    TRUE(strstr(line, " - tmpfs none rw") != NULL);
    umount("plain");
    lines_with("/proc/mounts", "plain");
    TRUE(strstr(content_of("/proc/mounts"), "proc /proc proc rw") != NULL);
    return done();
}
