// Hundreds of levels: made, walked by relative steps, named by getcwd, removed.
#include "check.h"

int main(void) {
    enum { LEVELS = 400 };
    char path[4096];
    int failed = 0;
    for (int i = 0; i < LEVELS; i++) failed += mkdir("level", 0755) != 0 || chdir("level") != 0;
    IS(0, failed);
    IS(5 + LEVELS * 6, strlen(getcwd(path, sizeof path)));
    OK(chdir(path));
    for (int i = 0; i < LEVELS; i++) failed += chdir("..") != 0 || rmdir("level") != 0;
    IS(0, failed);
    SAY("%s", getcwd(path, sizeof path));
    return done();
}
