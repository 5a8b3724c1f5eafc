// mount(2): performs a request according to its flags.
#include "fs/tree/path.hpp"

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
    // MS_STRICTATIME is neither of the two, whatever stands beside it.
    if (!has(flags, MountFlags::Strictatime))
        options |= has(flags, MountFlags::Noatime) ? MountOptions::NoAtime : MountOptions::RelAtime;
    return options;
}

bool is_mount_root(const Path& path) { return path.dentry.get() == &path.mount->root(); }

using Depth = MountNamespace::Depth;

Depth depth_of(MountFlags flags) { return has(flags, MountFlags::Rec) ? Depth::Recursive : Depth::One; }

/// This kernel has no propagation: every mount is private. A request for a slave has that result too, as for
/// a slave without a master; shared mounts are not supported.
Result<> change_propagation(MountNamespace& mounts, const MountRequest& request) {
    using Binding = MountNamespace::Binding;
    if (!is_mount_root(request.target)) return Error::Einval;
    if ((request.flags & ~(PROPAGATION | MountFlags::Rec | MountFlags::Silent)) != MountFlags::None)
        return Error::Einval;
    switch (request.flags & PROPAGATION) {
        case MountFlags::Slave: return {};  // LINUX: whether it can be bound stays as it is
        case MountFlags::Private:
            mounts.set_binding(request.target, Binding::Allowed, depth_of(request.flags));
            return {};
        case MountFlags::Unbindable:
            mounts.set_binding(request.target, Binding::Refused, depth_of(request.flags));
            return {};
        default: return Error::Einval;
    }
}

/// Linux keeps the atime options of a mount if a remount names none.
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
        return mounts.bind(*request.source_path, request.target, depth_of(flags));
    }
    if (has(flags, PROPAGATION)) return change_propagation(mounts, request);
    if (has(flags, MountFlags::Move)) {
        if (request.source_path == nullptr) return Error::Einval;
        return mounts.move(*request.source_path, request.target);
    }
    return mount_new(mounts, request);
}

}  // namespace exo::fs
