// The longest name and the longest path that work.
#include "check.h"

int main(void) {
    char name[257];
    memset(name, 'n', 255);
    name[255] = 0;
    OK(close(creat(name, 0644)));
    OK(access(name, F_OK));
    name[255] = 'n', name[256] = 0;
    FAILS(ENAMETOOLONG, creat(name, 0644));
    FAILS(ENAMETOOLONG, mkdir(name, 0755));
    FAILS(ENAMETOOLONG, symlink("x", name));
    make_file("f", "", 0644);
    FAILS(ENAMETOOLONG, link("f", name));
    FAILS(ENAMETOOLONG, rename("f", name));
    char path[4097];
    for (int i = 0; i < 4094; i += 2) memcpy(path + i, "./", 2);
    strcpy(path + 4094, "f");
    IS(4095, strlen(path));
    OK(access(path, F_OK));
    strcpy(path + 4094, "./");
    FAILS(ENAMETOOLONG, access(path, F_OK));
    OK(close(creat("\xff\x01 odd\nname", 0644)));
    OK(access("\xff\x01 odd\nname", F_OK));
    OK(access("/desk/..//./desk/f", F_OK));
    OK(access("/../../desk/f", F_OK));
    return done();
}
