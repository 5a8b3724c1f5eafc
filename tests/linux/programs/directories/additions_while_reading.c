// Entries that were there from the beginning are all seen, once, though others come meanwhile.
#include "check.h"

int main(void) {
    enum { FILES = 300 };
    static char seen[FILES];
    char name[16];
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "f%d", i);
        make_file(name, "", 0644);
    }
    DIR* folder = opendir(".");
    struct dirent* entry;
    int twice = 0, all = 0, added = 0;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == 'f') twice += seen[atoi(entry->d_name + 1)]++;
        if (added < 1000) {
            snprintf(name, sizeof name, "n%d", added++);
            make_file(name, "", 0644);
        }
    }
    for (int i = 0; i < FILES; i++) all += seen[i];
    IS(0, twice);
    IS(FILES, all);
    return done();
}
