// Extended attributes on tmpfs: trusted ones work for root, user ones are not supported.
#include "check.h"

#define SET(path, name, value, size, flags) syscall(SYS_setxattr, path, name, value, size, flags)

int main(void) {
    char value[16] = "";
    make_file("file", "", 0600);
    FAILS(ENODATA, syscall(SYS_getxattr, "file", "trusted.x", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", "user.x", value, 16));
    FAILS(EOPNOTSUPP, syscall(SYS_getxattr, "file", "nonsense", value, 16));
    FAILS(ENOENT, syscall(SYS_getxattr, "nothing", "user.x", value, 16));
    FAILS(ERANGE, syscall(SYS_getxattr, "file", "", value, 16));
    FAILS(EBADF, syscall(SYS_fgetxattr, 99, "user.x", value, 16));
    FAILS(EFAULT, syscall(SYS_getxattr, "file", unmapped(), value, 16));
    return done();
}
