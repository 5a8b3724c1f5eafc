// mount(2): what its flags ask for.
#include "fs/path.hpp"

namespace exo::fs {

namespace {

using abi::MountFlags;

constexpr MountFlags PROPAGATION =
    MountFlags::Shared | MountFlags::Private | MountFlags::Slave | MountFlags::Unbindable;

MountOptions options_from_flags(MountFlags flags) {
    MountOptions options = MountOptions::None;
    if (has(flags, MountFlags::Rdonly)) options |= MountOptions::ReadOnly;
    if (has(flags, MountFlags::Nosuid)) options |= MountOptions::NoSuid;
    if (has(flags, MountFlags::Nodev)) options |= MountOptions::NoDev;
    if (has(flags, MountFlags::Noexec)) options |= MountOptions::NoExec;
    if (has(flags, MountFlags::Nodiratime)) options |= MountOptions::NoDirAtime;
    if (has(flags, MountFlags::Nosymfollow)) options |= MountOptions::NoSymFollow;
    if (has(flags, MountFlags::Noatime))
        options |= MountOptions::NoAtime;
    else if (!has(flags, MountFlags::Strictatime))
        options |= MountOptions::RelAtime;
    return options;
}

bool is_mount_root(const Path& path) { return path.dentry.get() == &path.mount->root(); }

/// Nothing propagates here, so private and slave are what every mount is already; the others are not supported.
Result<> change_propagation(const MountRequest& request) {
    const MountFlags type = request.flags & PROPAGATION;
    if ((request.flags & ~(PROPAGATION | MountFlags::Rec | MountFlags::Silent)) != MountFlags::None)
        return Error::Einval;
    if (type != MountFlags::Private && type != MountFlags::Slave) return Error::Einval;
    return is_mount_root(request.target) ? Result<>{} : Result<>{Error::Einval};
}

/// Linux keeps the atime options of a mount that is remounted without naming any.
MountOptions remount_options(const Mount& mount, MountFlags flags) {
    constexpr MountFlags ATIME =
        MountFlags::Noatime | MountFlags::Nodiratime | MountFlags::Relatime | MountFlags::Strictatime;
    constexpr MountOptions ATIME_OPTIONS =
        MountOptions::NoAtime | MountOptions::NoDirAtime | MountOptions::RelAtime;
    MountOptions options = options_from_flags(flags);
    if (!has(flags, ATIME)) options = (options & ~ATIME_OPTIONS) | (mount.options() & ATIME_OPTIONS);
    return options;
}

Result<> remount(const MountRequest& request) {
    if (!is_mount_root(request.target)) return Error::Einval;
    Mount& mount = *request.target.mount;
    const MountOptions options = remount_options(mount, request.flags);
    if (has(request.flags, MountFlags::Bind)) return mount.set_options(options);

    FileSystem& file_system = mount.file_system();
    const bool was_read_only = file_system.is_read_only();
    const bool is_to_be_read_only = has(request.flags, MountFlags::Rdonly);
    if (is_to_be_read_only) TRY(file_system.make_read_only());
    const auto changed = file_system.remount(request.options);
    if (!changed) {
        if (!was_read_only) file_system.make_writable();
        return changed;
    }
    if (!is_to_be_read_only) file_system.make_writable();
    return mount.set_options(options);
}

Result<> mount_new(MountNamespace& mounts, const MountRequest& request) {
    if (!request.type_name) return Error::Einval;
    FileSystemType* type = find_file_system(*request.type_name);
    if (type == nullptr) return Error::Enodev;
    MountableTree tree = TRY(type->mount(request.source, request.options));
    Ref<Mount> mount = TRY(Mount::create(std::move(tree), request.source, options_from_flags(request.flags)));
    return mounts.attach(std::move(mount), request.target);
}

}  // namespace

Result<> mount(MountNamespace& mounts, const MountRequest& asked) {
    MountFlags flags = asked.flags;
    if ((abi::raw(flags) & abi::MOUNT_MAGIC_MASK) == abi::MOUNT_MAGIC)
        flags &= static_cast<MountFlags>(~abi::MOUNT_MAGIC_MASK);
    const MountRequest request{asked.source, asked.target,  asked.type_name,
                               flags,        asked.options, asked.source_path};

    if (has(flags, MountFlags::Remount)) return remount(request);
    if (has(flags, MountFlags::Bind)) {
        if (request.source_path == nullptr) return Error::Einval;
        const auto depth =
            has(flags, MountFlags::Rec) ? MountNamespace::Depth::Recursive : MountNamespace::Depth::One;
        return mounts.bind(*request.source_path, request.target, depth);
    }
    if (has(flags, PROPAGATION)) return change_propagation(request);
    if (has(flags, MountFlags::Move)) {
        if (request.source_path == nullptr) return Error::Einval;
        return mounts.move(*request.source_path, request.target);
    }
    return mount_new(mounts, request);
}

}  // namespace exo::fs
