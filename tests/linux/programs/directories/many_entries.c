// A directory of thousands of entries.
#include "check.h"

int main(void) {
    enum { FILES = 3000 };
    char name[32];
    int made = 0, found = 0, missing = 0;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "entry-%d", i * 7919);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        made += fd >= 0;
        close(fd);
    }
    DIR* folder = opendir(".");
    while (readdir(folder)) found++;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "entry-%d", i * 7919);
        missing += access(name, F_OK) != 0;
        unlink(name);
    }
    IS(FILES, made);
    IS(FILES + 2, found);
    IS(0, missing);
    rewinddir(folder);
    for (found = 0; readdir(folder);) found++;
    IS(2, found);
    return done();
}
