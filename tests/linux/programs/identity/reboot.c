// reboot(): its magic numbers, and who may.
#include "check.h"

int main(void) {
    FAILS(EINVAL, syscall(SYS_reboot, 1, 2, 0x4321fedc, NULL));
    FAILS(EINVAL, syscall(SYS_reboot, 0xfee1dead, 1, 0x4321fedc, NULL));
    FAILS(EINVAL, syscall(SYS_reboot, 0xfee1dead, 672274793, 0x12345678, NULL));
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(EPERM, syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, NULL)));
    OK(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL));
    return done();
}
