// Renaming inside a directory that is being read shows each file once at most twice, and none is lost afterwards.
#include "check.h"

int main(void) {
    char from[16], to[16];
    for (int i = 0; i < 100; i++) {
        snprintf(from, sizeof from, "a%d", i);
        make_file(from, "", 0600);
    }
    DIR* folder = opendir(".");
    for (int i = 0; i < 100; i++) {
        readdir(folder);
        snprintf(from, sizeof from, "a%d", i);
        snprintf(to, sizeof to, "b%d", i);
        if (rename(from, to) != 0) SAY("rename failed");
    }
    while (readdir(folder)) continue;
    rewinddir(folder);
    int a = 0, b = 0;
    for (struct dirent* e; (e = readdir(folder));) a += e->d_name[0] == 'a', b += e->d_name[0] == 'b';
    SAY("%d %d", a, b);
    return done();
}
