// The namespaces that processes are in. All processes share one of each kind.
#pragma once

#include "fs/tree/mount.hpp"

namespace exo::posix_x {

/// The mount namespace.
fs::MountNamespace& mount_namespace();
/// Sets the mount namespace. Called once, at boot.
void set_mount_namespace(Ref<fs::MountNamespace> mounts);

}  // namespace exo::posix_x
