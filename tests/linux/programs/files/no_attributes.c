// Reading extended attributes of files that have none, and of what is no file.
#include "check.h"

#include <sys/xattr.h>

int main(void) {
    char value[16], long_name[300], long_path[5000];
    memset(long_name, 'n', sizeof long_name - 1), long_name[sizeof long_name - 1] = '\0';
    memcpy(long_name, "user.", 5);
    memset(long_path, 'p', sizeof long_path - 1), long_path[sizeof long_path - 1] = '\0';
    OK(close(OK(open("file", O_CREAT | O_WRONLY, 0644))));
    OK(symlink("loop", "loop"));
    OK(symlink("file", "link"));
    FAILS(ERANGE, getxattr("file", long_name, value, sizeof value));
    FAILS(ENOENT, getxattr("none", "trusted.a", value, sizeof value));
    FAILS(ENOTDIR, getxattr("file/a", "trusted.a", value, sizeof value));
    FAILS(ELOOP, getxattr("loop", "trusted.a", value, sizeof value));
    FAILS(ENAMETOOLONG, getxattr(long_path, "trusted.a", value, sizeof value));
    FAILS(EFAULT, getxattr((char*)1, "trusted.a", value, sizeof value));
    SAY("user.a: %s", getxattr("file", "user.a", value, sizeof value) < 0 ? error_name(errno) : "there");
    FAILS(ENODATA, lgetxattr("loop", "user.a", value, sizeof value));
    FAILS(EBADF, fgetxattr(99, "trusted.a", value, sizeof value));
    return done();
}
