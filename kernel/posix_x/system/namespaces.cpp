#include "posix_x/system/namespaces.hpp"

namespace exo::posix_x {

namespace {
constinit Ref<fs::MountNamespace> the_mounts;
}

fs::MountNamespace& mount_namespace() { return *the_mounts; }

void set_mount_namespace(Ref<fs::MountNamespace> mounts) { the_mounts = std::move(mounts); }

}  // namespace exo::posix_x
