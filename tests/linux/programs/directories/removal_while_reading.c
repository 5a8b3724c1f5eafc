// Deleting every entry while the directory is read leaves none and shows none twice.
#include "check.h"

int main(void) {
    enum { FILES = 500 };
    static char seen[FILES];
    mkdir("d", 0755);
    chdir("d");
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        make_file(name, "", 0644);
    }
    DIR* folder = opendir(".");
    struct dirent* entry;
    int twice = 0, removed = 0;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != 'f') continue;
        int i = atoi(entry->d_name + 1);
        twice += seen[i]++;
        removed += unlink(entry->d_name) == 0;
    }
    closedir(folder);
    IS(0, twice);
    IS(FILES, removed);
    OK(chdir(".."));
    OK(rmdir("d"));
    return done();
}
