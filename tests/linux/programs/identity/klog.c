// syslog(): sizes and permissions of the kernel's log.
#include "check.h"

int main(void) {
    char line[64];
    TRUE(syscall(SYS_syslog, 10, NULL, 0) >= 4096);
    TRUE(syscall(SYS_syslog, 3, line, sizeof line) >= 0);
    FAILS(EINVAL, syscall(SYS_syslog, 99, NULL, 0));
    FAILS(EINVAL, syscall(SYS_syslog, 3, NULL, 10));
    FAILS(EINVAL, syscall(SYS_syslog, 8, NULL, 99));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, syscall(SYS_syslog, 8, NULL, 1)));
    return done();
}
