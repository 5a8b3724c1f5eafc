// ioctls of sockets about interfaces, addresses and routes (netdevice(7)).
#pragma once

#include "fs/file/file.hpp"

namespace exo::net {

/// Errors: Enotty (no such request), Enodev, Eaddrnotavail, Eperm, Einval, Efault, and those of the configuration.
Result<u64> interface_ioctl(fs::FileCommand request);

/// Whether the calling program may change the network's configuration. posix_x sets the function.
void set_administrator_check(bool (*may_administer)());

}  // namespace exo::net
