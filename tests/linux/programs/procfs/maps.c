// /proc/self/maps: ordered lines of the right form, with the areas that a program knows of.
#include "check.h"

int main(void) {
    char* mine = anonymous(3 * PAGE);
    mprotect(mine + PAGE, PAGE, PROT_READ);
    char* text = strdup(content_of("/proc/self/maps"));
    unsigned long last = 0, start, end, offset, inode;
    char rights[8], device[16], name[128];
    int wrong = 0, stack = 0, code = 0, pieces = 0, here;
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        name[0] = 0;
        if (sscanf(line, "%lx-%lx %7s %lx %15s %lu%n %127s", &start, &end, rights, &offset, device, &inode,
                   &here, name) < 6)
            wrong++;
        wrong += start < last || end <= start;
        last = end;
        if (strcmp(name, "[stack]") == 0)
            stack +=
                start < (unsigned long)&here && (unsigned long)&here < end && strcmp(rights, "rw-p") == 0;
        if (strstr(name, "/tests/procfs/maps") && strcmp(rights, "r-xp") == 0)
            code += start <= (unsigned long)main && (unsigned long)main < end;
        if (start >= (unsigned long)mine && end <= (unsigned long)mine + 3 * PAGE) pieces++;
    }
    IS(0, wrong);
    IS(1, stack);
    IS(1, code);
    TRUE(pieces >= 1);
    return done();
}
