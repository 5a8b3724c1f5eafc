// What all processes see of the system as a whole. There is one of each: namespaces of their own come later.
#pragma once

#include "fs/tree/mount.hpp"

namespace exo::posix_x {

/// The tree of mounts.
fs::MountNamespace& mount_namespace();
/// At boot, once.
void set_mount_namespace(Ref<fs::MountNamespace> mounts);

}  // namespace exo::posix_x
