// As many extended attributes as a list can name, and one more.
#include "check.h"

#include <sys/xattr.h>

static char names[1 << 17];

int main(void) {
    make_file("file", "", 0600);
    char name[256];
    memset(name, 'n', sizeof name);
    memcpy(name, "trusted.", 8);
    name[255] = '\0';
    for (int i = 0; i < 256; ++i) {
        name[20] = (char)('a' + i / 16);
        name[21] = (char)('a' + i % 16);
        if (setxattr("file", name, "", 0, 0) != 0) SAY("%d: %s", i, error_name(errno));
    }
    SAY("%zd", listxattr("file", NULL, 0));
    SAY("%zd", listxattr("file", names, sizeof names));
    SAY("%zd", listxattr("file", names, 65536));
    FAILS(ERANGE, listxattr("file", names, 65535));
    OK(setxattr("file", "trusted.x", "", 0, 0));
    SAY("%zd", listxattr("file", NULL, 0));
    FAILS(E2BIG, listxattr("file", names, sizeof names));
    FAILS(E2BIG, listxattr("file", names, 65536));
    FAILS(ERANGE, listxattr("file", names, 65535));
    return done();
}
