// telldir() and seekdir() come back to the same entry; rewinddir() sees what is new.
#include "check.h"

int main(void) {
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        make_file(name, "", 0644);
    }
    DIR* folder = opendir(".");
    for (int i = 0; i < 10; i++) readdir(folder);
    long place = telldir(folder);
    char next[64];
    strcpy(next, readdir(folder)->d_name);
    while (readdir(folder)) continue;
    seekdir(folder, place);
    TRUE(strcmp(next, readdir(folder)->d_name) == 0);
    make_file("new", "", 0644);
    rewinddir(folder);
    int found = 0, count = 0;
    for (struct dirent* entry; (entry = readdir(folder)); count++) found += strcmp(entry->d_name, "new") == 0;
    IS(1, found);
    IS(23, count);
    return done();
}
