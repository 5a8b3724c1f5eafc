#include "fs/devfs/devfs.hpp"

#include "fs/devfs/memory_devices.hpp"
#include "fs/tmpfs/tmpfs.hpp"

namespace exo::fs::devfs {

namespace {

/// An internal mount, which keeps the one instance alive.
struct State {
    Ref<Mount> mount;
    Ref<PathContext> context;
};
[[clang::no_destroy]] constinit State state;

Result<MountableTree> mount_devfs(std::string_view, std::string_view) {
    Mount& mount = *state.mount;
    return MountableTree{Ref<FileSystem>(&mount.file_system()), Ref<Dentry>(&mount.root())};
}

constinit FileSystemType devtmpfs_type{.name = "devtmpfs", .mount = mount_devfs};
constinit FileSystemType devfs_type{.name = "devfs", .mount = mount_devfs};

Caller kernel() { return {KERNEL_CREDENTIALS, *state.context}; }

/// Makes the missing directories above `path`.
Result<> make_parents(std::string_view path) {
    for (usize slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        const auto made = make_directory(kernel(), {}, path.substr(0, slash), 0755);
        if (!made && made.error() != Error::Eexist) return made;
    }
    return {};
}

}  // namespace

Result<> init() {
    tmpfs::Options options = tmpfs::default_options();
    options.mode = 0755;
    MountableTree tree = TRY(tmpfs::create(options, "devtmpfs"));
    const Path root{ TRY(Mount::create(std::move(tree), "devtmpfs", MountOptions::None)), nullptr};
    state.mount = root.mount;
    state.context = TRY(make_ref<PathContext>(Path{root.mount, Ref<Dentry>(&root.mount->root())}));
    state.context->set_umask(0);
    register_file_system(devtmpfs_type);
    register_file_system(devfs_type);
    return register_memory_devices();
}

Result<> add_node(std::string_view path, u32 mode, DeviceClass device_class, abi::DeviceNumber number) {
    TRY(make_parents(path));
    const u32 type =
        device_class == DeviceClass::Character ? abi::mode::CHARACTER_DEVICE : abi::mode::BLOCK_DEVICE;
    return make_node(kernel(), {}, path, type | mode, number);
}

Result<> add_directory(std::string_view path, u32 mode) {
    TRY(make_parents(path));
    return make_directory(kernel(), {}, path, mode);
}

Result<> add_symlink(std::string_view path, std::string_view target) {
    TRY(make_parents(path));
    return make_symlink(kernel(), target, {}, path);
}

}  // namespace exo::fs::devfs
