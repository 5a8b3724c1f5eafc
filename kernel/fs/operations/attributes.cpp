// Attributes: stat, chmod, chown, utimensat, access, truncate, readlink.
#include "abi/linux/limits.hpp"
#include "fs/operations/path_walk.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

namespace {

Result<> check_changeable(const Target& target) {
    if (target.mount != nullptr) TRY(check_writable(*target.mount));
    return has(target.inode.traits(), InodeTraits::Immutable) ? Result<>(Error::Eperm) : Result<>();
}

abi::statx_timestamp to_statx_timestamp(const Timestamp& time) { return {time.seconds, time.nanoseconds, 0}; }

Timestamp changed_time(const TimeChange& change, const Timestamp& old, const Timestamp& now) {
    switch (change.kind) {
        case TimeChange::Kind::Omit: return old;
        case TimeChange::Kind::Now: return now;
        case TimeChange::Kind::Set: return change.time;
    }
    return old;
}

}  // namespace

Result<> change_mode(const Target& target, u32 mode, const Credentials& credentials) {
    TRY(check_changeable(target));
    Inode& inode = target.inode;
    auto content = TRY(inode.content_lock.lock_killable());
    if (!is_owner(inode, credentials) || has(inode.traits(), InodeTraits::FixedMode)) return Error::Eperm;
    if (inode.is_symlink()) return Error::Eopnotsupp;
    u32 permissions = mode & abi::mode::PERMISSIONS;
    if (!credentials.is_member_of(inode.gid()) && !credentials.may(Privilege::Fsetid))
        permissions &= ~abi::mode::SET_GID;
    if (const Ref<AccessControlList> list = inode.access_list(AccessListKind::Access))
        TRY(inode.set_access_list(*content, AccessListKind::Access, TRY(list->with_mode(permissions))));
    inode.set_mode((inode.mode() & abi::mode::TYPE_MASK) | permissions);
    inode.note_changed();
    return inode.attributes_changed(*content);
}

Result<> change_owner(const Target& target, std::optional<UserId> uid, std::optional<GroupId> gid,
                      const Credentials& credentials) {
    TRY(check_changeable(target));
    Inode& inode = target.inode;
    auto content = TRY(inode.content_lock.lock_killable());
    if (has(inode.traits(), InodeTraits::FixedOwner)) return Error::Eperm;
    if (!credentials.may(Privilege::Chown)) {
        const bool owns = inode.uid() == credentials.uid;
        if (uid && (!owns || *uid != inode.uid())) return Error::Eperm;
        if (gid && (!owns || (*gid != inode.gid() && !credentials.is_member_of(*gid)))) return Error::Eperm;
    }
    // LINUX: whether the caller is in the file's group is asked of the group before the change.
    if (!inode.is_directory()) {
        inode.set_mode(mode_without_privileges(inode, credentials));
        drop_file_capabilities(inode, *content);
    }
    inode.set_owner(uid.value_or(inode.uid()), gid.value_or(inode.gid()));
    inode.note_changed();
    return inode.attributes_changed(*content);
}

Result<> change_times(const Target& target, TimeChange access, TimeChange modification,
                      const Credentials& credentials) {
    using Kind = TimeChange::Kind;
    if (access.kind == Kind::Omit && modification.kind == Kind::Omit) return {};
    TRY(check_changeable(target));
    Inode& inode = target.inode;
    if (!is_owner(inode, credentials)) {
        if (access.kind != Kind::Now || modification.kind != Kind::Now) return Error::Eperm;
        TRY(check_permission(inode, abi::AccessMode::Write, credentials));
    }
    auto content = TRY(inode.content_lock.lock_killable());
    const Timestamp now = Timestamp::now();
    InodeTimes times = inode.times();
    times.access = changed_time(access, times.access, now);
    times.modification = changed_time(modification, times.modification, now);
    times.change = now;
    inode.set_times(times);
    return inode.attributes_changed(*content);
}

Result<> truncate_inode(Inode& inode, u64 size, TruncateTimes times, const WriteContext& context) {
    if (size > static_cast<u64>(abi::MAX_FILE_OFFSET)) return Error::Efbig;
    auto content = TRY(inode.content_lock.lock_killable());
    const u64 old_size = inode.size();
    if (size > old_size && size > context.size_limit) return Error::Efbig;
    // LINUX: what lies behind the end goes, which counts as a change even where there is nothing (shmem_setattr).
    const bool frees = size == old_size && inode.attributes().allocated_bytes != 0;
    TRY(inode.truncate(*content, size));
    if (size != old_size || frees || times == TruncateTimes::Always) inode.note_modified();
    drop_privileges_on_write(inode, *content, context.credentials);
    return {};
}

Result<> truncate(const Caller& caller, Start start, std::string_view path, u64 size,
                  const WriteContext& context) {
    const Path place = TRY(resolve(caller, start, path, WalkFlags::FollowLast));
    Inode& inode = place.inode();
    if (inode.is_directory()) return Error::Eisdir;
    if (!inode.is_regular()) return Error::Einval;
    TRY(check_writable(*place.mount));
    TRY(check_permission(inode, abi::AccessMode::Write, caller.credentials));
    TRY(inode.allow_write());
    auto result = truncate_inode(inode, size, TruncateTimes::IfSizeChanges, context);
    inode.end_write();
    return result;
}

Result<> check_access(const Caller& caller, Start start, std::string_view path, abi::AccessMode mode,
                      WalkFlags flags) {
    const Path place = TRY(resolve(caller, start, path, flags));
    if (mode == abi::AccessMode::Exists) return {};
    const Inode& inode = place.inode();
    if (has(mode, abi::AccessMode::Execute) && inode.is_regular() &&
        has(place.mount->options(), MountOptions::NoExec))
        return Error::Eacces;
    TRY(check_permission(inode, mode, caller.credentials));
    // A device, fifo or socket may be written through on a read-only file system.
    const u32 type = inode.mode();
    const bool changes_file_system =
        abi::is_regular(type) || abi::is_directory(type) || abi::is_symlink(type);
    if (has(mode, abi::AccessMode::Write) && changes_file_system) TRY(check_writable(*place.mount));
    return {};
}

Result<> check_directory(const Path& path, const Credentials& credentials) {
    if (!path.inode().is_directory()) return Error::Enotdir;
    return check_permission(path.inode(), abi::AccessMode::Execute, credentials);
}

Result<> read_link(const Caller& caller, Start start, std::string_view path, String& out) {
    const Path place = TRY(resolve(caller, start, path, WalkFlags::AllowEmpty));
    Inode& inode = place.inode();
    // LINUX: with an empty path what is no link is ENOENT, otherwise EINVAL (readlink(2)).
    if (!inode.is_symlink()) return path.empty() ? Error::Enoent : Error::Einval;
    if (!has(place.mount->options(), MountOptions::NoAtime)) inode.note_accessed_relative();
    return inode.read_link(out);
}

void fill_stat(Inode& inode, abi::stat& out) {
    const InodeAttributes attributes = inode.attributes();
    out = {};
    out.st_dev = inode.file_system().device().encoded();
    out.st_ino = attributes.number;
    out.st_nlink = attributes.links;
    out.st_mode = attributes.mode;
    out.st_uid = attributes.uid;
    out.st_gid = attributes.gid;
    out.st_rdev = attributes.device.encoded();
    out.st_size = static_cast<i64>(attributes.size);
    out.st_blksize = attributes.block_size;
    out.st_blocks = static_cast<i64>(attributes.allocated_bytes / 512);
    out.st_atim = attributes.times.access.to_timespec();
    out.st_mtim = attributes.times.modification.to_timespec();
    out.st_ctim = attributes.times.change.to_timespec();
}

void fill_statx(Inode& inode, const Path* path, abi::StatxMask wanted, abi::statx& out) {
    const InodeAttributes attributes = inode.attributes();
    const abi::DeviceNumber device = inode.file_system().device();
    out = {};
    out.stx_mask = abi::statx_mask::BASIC;
    out.stx_blksize = attributes.block_size;
    out.stx_nlink = attributes.links;
    out.stx_uid = attributes.uid;
    out.stx_gid = attributes.gid;
    out.stx_mode = static_cast<u16>(attributes.mode);
    out.stx_ino = attributes.number;
    out.stx_size = attributes.size;
    out.stx_blocks = attributes.allocated_bytes / 512;
    out.stx_atime = to_statx_timestamp(attributes.times.access);
    out.stx_ctime = to_statx_timestamp(attributes.times.change);
    out.stx_mtime = to_statx_timestamp(attributes.times.modification);
    out.stx_rdev_major = attributes.device.major;
    out.stx_rdev_minor = attributes.device.minor;
    out.stx_dev_major = device.major;
    out.stx_dev_minor = device.minor;
    out.stx_attributes_mask = abi::STATX_AUTOMOUNT | abi::STATX_DAX;
    if (inode.file_system().knows_birth_and_flags()) {
        out.stx_attributes_mask |= abi::STATX_INODE_FLAGS;
        if (has(wanted, abi::StatxMask::Btime)) {
            out.stx_mask |= abi::statx_mask::BIRTH_TIME;
            out.stx_btime = to_statx_timestamp(attributes.times.birth);
        }
    }
    if (path == nullptr || !path->mount) return;
    out.stx_mask |= abi::statx_mask::MOUNT_ID;
    out.stx_mnt_id = path->mount->id();
    out.stx_attributes_mask |= abi::STATX_MOUNT_ROOT;
    if (path->dentry.get() == &path->mount->root()) out.stx_attributes = abi::STATX_MOUNT_ROOT;
}

Result<> fill_statfs(Inode& inode, const Mount* mount, abi::statfs& out) {
    out = {};
    FileSystem& file_system = inode.file_system();
    TRY(file_system.statistics(out));
    const u32 device = file_system.device().encoded();
    out.f_fsid[0] = static_cast<i32>(device);
    out.f_namelen = static_cast<i64>(abi::MAX_NAME_LENGTH);
    if (out.f_frsize == 0) out.f_frsize = out.f_bsize;
    out.f_flags = 0x20;  // ST_VALID
    if (mount == nullptr) return {};
    const MountOptions options = mount->options();
    // ST_RDONLY, ST_NOSUID, ST_NODEV, ST_NOEXEC, ST_NOATIME, ST_NODIRATIME, ST_RELATIME, ST_NOSYMFOLLOW
    if (mount->is_read_only()) out.f_flags |= 1;
    if (has(options, MountOptions::NoSuid)) out.f_flags |= 2;
    if (has(options, MountOptions::NoDev)) out.f_flags |= 4;
    if (has(options, MountOptions::NoExec)) out.f_flags |= 8;
    if (has(options, MountOptions::NoAtime)) out.f_flags |= 0x400;
    if (has(options, MountOptions::NoDirAtime)) out.f_flags |= 0x800;
    if (has(options, MountOptions::RelAtime)) out.f_flags |= 0x1000;
    if (has(options, MountOptions::NoSymFollow)) out.f_flags |= 0x2000;
    return {};
}

}  // namespace exo::fs
