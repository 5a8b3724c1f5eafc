// Extended attributes on tmpfs: there are none, user ones are not supported, and a bad argument comes before both.
#include "check.h"

int main(void) {
    char value[16] = "", longest[257];
    make_file("file", "", 0600);
    memset(longest, 'n', 256);
    longest[256] = 0;
    FAILS(ENODATA, syscall(SYS_getxattr, "file", "trusted.x", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", "user.x", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", "nonsense", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", "nonsense", unmapped(), 16));
    FAILS(EFAULT, syscall(SYS_getxattr, "file", unmapped(), value, 16));
    FAILS(EFAULT, syscall(SYS_lgetxattr, "file", memset(before_hole(4), 'x', 4), value, 16));
    FAILS(ERANGE, syscall(SYS_getxattr, "file", "", value, 16));
    FAILS(ERANGE, syscall(SYS_getxattr, "file", longest, value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", longest + 1, value, 16));
    FAILS(ENOENT, syscall(SYS_getxattr, "nothing", "user.x", value, 16));
    FAILS(ENOENT, syscall(SYS_getxattr, "nothing", unmapped(), value, 16));
    FAILS(EBADF, syscall(SYS_fgetxattr, 99, "user.x", value, 16));
    FAILS(EBADF, syscall(SYS_fgetxattr, 99, unmapped(), value, 16));
    FAILS(EBADF, syscall(SYS_fgetxattr, open("file", O_PATH), "nonsense", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_fgetxattr, open("file", O_WRONLY), "nonsense", value, 16));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, syscall(SYS_getxattr, "file", "x", value, 16)));
    return done();
}
