// open(2) and related calls.
#include "fs/file/device.hpp"
#include "fs/file/directory_file.hpp"
#include "fs/operations/path_walk.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

namespace {

constinit FifoOpener fifo_opener = nullptr;

/// Whether the open file can be written. Access mode 3 only checks write permission (open(2), "BUGS").
bool can_write_through(OpenFlags flags) {
    const OpenFlags access = flags & OpenFlags::Accmode;
    return access == OpenFlags::Wronly || access == OpenFlags::Rdwr;
}
bool is_write_access(OpenFlags flags) { return (flags & OpenFlags::Accmode) != OpenFlags::Rdonly; }

/// Checks and normalises open flags. Errors: Einval.
Result<OpenFlags> checked_flags(OpenFlags flags) {
    if (has(flags, OpenFlags::Path))
        return flags & (OpenFlags::Path | OpenFlags::Directory | OpenFlags::Nofollow | OpenFlags::Cloexec);
    // LINUX: it once made a regular file (6.4, and 6.1's later versions).
    if (has_all(flags, OpenFlags::Creat | OpenFlags::Directory)) return Error::Einval;
    constexpr OpenFlags TMPFILE_BIT = OpenFlags::Tmpfile & ~OpenFlags::Directory;
    if (has(flags, TMPFILE_BIT)) {
        if (!has(flags, OpenFlags::Directory) || !is_write_access(flags)) return Error::Einval;
    }
    return flags;
}

Result<Ref<File>> open_device(OpenRequest&& request, DeviceClass device_class) {
    const abi::DeviceNumber number = request.path.inode().device();
    Ref<Device> device = TRY(find_device(device_class, number));
    return device->open(std::move(request), number);
}

/// O_TRUNC: truncates the file, even if it is opened for reading only. Errors: Etxtbsy (it is being
/// executed), …
Result<> truncate_opened(Inode& inode, const Credentials& credentials) {
    TRY(inode.allow_write());
    const Result<> result = truncate_inode(inode, 0, TruncateTimes::Always, {.credentials = credentials});
    inode.end_write();
    return result;
}

/// Opens an existing inode: makes all checks, and then handles O_TRUNC.
Result<Ref<File>> open_existing(Path path, OpenFlags flags, const Credentials& credentials) {
    if (has(flags, OpenFlags::Path))
        return make_ref<PathFile>(OpenRequest{std::move(path), flags, credentials});
    TRY(check_open(path, flags, credentials));
    const Ref<Inode> inode(&path.inode());
    Ref<File> file = TRY(open_inode({std::move(path), flags, credentials}));
    if (has(flags, OpenFlags::Trunc) && inode->is_regular()) TRY(truncate_opened(*inode, credentials));
    return file;
}

/// Makes a regular file with the name of the negative dentry `child`.
Result<> create_regular(InodeNames& names, const Caller& caller, const Path& directory, Dentry& child,
                        u32 mode) {
    TRY(check_create(directory, caller.credentials));
    NewNode node{.mode = abi::mode::REGULAR | (mode & abi::mode::PERMISSIONS)};
    Inode& parent = directory.inode();
    TRY(prepare_new_node(parent, caller.credentials, caller.context.umask(), node));
    Ref<Inode> inode = TRY(parent.create(names, child, node));
    cache_positive(child, std::move(inode));
    return {};
}

/// The path of `child`, or of the mount that covers it.
Path child_path(const Path& directory, const Ref<Dentry>& child) {
    if (!child->is_mountpoint()) return {directory.mount, child};
    auto tree = name_tree.lock();
    Mount* mount = directory.mount.get();
    Dentry* dentry = child.get();
    tree->mounts.descend(mount, dentry);
    return {Ref<Mount>(mount), Ref<Dentry>(dentry)};
}

Result<Ref<File>> open_or_create(const Caller& caller, Start start, std::string_view path, OpenFlags flags,
                                 u32 mode) {
    PathWalk walk(caller, start);
    Path directory = TRY(walk.parent(path));
    while (true) {
        if (walk.last() != LastComponent::Name) {
            if (has(flags, OpenFlags::Excl)) return Error::Eexist;
            if (directory.inode().is_directory()) return Error::Eisdir;
            return open_existing(std::move(directory), flags, caller.credentials);
        }
        if (walk.has_trailing_slash()) return Error::Eisdir;

        auto names = directory.inode().names_lock.lock();
        const Ref<Dentry> child = TRY(lookup_child(*names, *directory.dentry, walk.last_name()));
        if (child->is_negative()) {
            TRY(create_regular(*names, caller, directory, *child, mode));
            names.unlock();
            // The mode does not bind the creator.
            return open_inode({{directory.mount, child}, flags, caller.credentials});
        }
        names.unlock();
        if (has(flags, OpenFlags::Excl)) return Error::Eexist;
        if (!child->inode()->is_symlink()) {
            Path place = child_path(directory, child);
            if (place.inode().is_directory()) return Error::Eisdir;
            TRY(check_create_in_sticky(directory.inode(), place.inode(), caller.credentials));
            return open_existing(std::move(place), flags, caller.credentials);
        }
        if (has(flags, OpenFlags::Nofollow)) return Error::Eloop;
        directory = TRY(walk.parent_through(*child));
    }
}

/// The walk flags for the last component, for an open that creates no name.
WalkFlags walk_flags_for(OpenFlags flags) {
    WalkFlags walk = has(flags, OpenFlags::Nofollow) ? WalkFlags::None : WalkFlags::FollowLast;
    if (has(flags, OpenFlags::Directory)) walk |= WalkFlags::RequireDirectory;
    return walk;
}

/// O_TMPFILE. `path` names the directory.
Result<Ref<File>> open_unnamed(const Caller& caller, Start start, std::string_view path, OpenFlags flags,
                               u32 mode) {
    const Path directory = TRY(resolve(caller, start, path, walk_flags_for(flags)));
    TRY(check_create(directory, caller.credentials));
    NewNode node{.mode = abi::mode::REGULAR | (mode & abi::mode::PERMISSIONS)};
    TRY(prepare_new_node(directory.inode(), caller.credentials, caller.context.umask(), node));
    Ref<Inode> inode = TRY(directory.inode().create_unnamed(node));
    if (!has(flags, OpenFlags::Excl)) inode->may_be_linked_unnamed.store(true, std::memory_order_relaxed);
    String name;
    TRY(format_append(name, "#{}", inode->number()));
    Ref<Dentry> dentry = TRY(Dentry::create(directory.dentry, HashedName::of(name)));
    {
        auto tree = name_tree.lock();
        tree->dentries.make_positive(*dentry, std::move(inode));
        // Never in the cache, so nothing comes back.
        (void)tree->dentries.erase(*dentry);
    }
    return open_inode({{directory.mount, std::move(dentry)}, flags, caller.credentials});
}

/// Opens an inode that depends only on its type, and not on the file system.
Result<Ref<File>> open_special(OpenRequest&& request, Inode& inode) {
    switch (inode.mode() & abi::mode::TYPE_MASK) {
        case abi::mode::DIRECTORY: return make_ref<DirectoryFile>(std::move(request));
        case abi::mode::CHARACTER_DEVICE: return open_device(std::move(request), DeviceClass::Character);
        case abi::mode::BLOCK_DEVICE: return open_device(std::move(request), DeviceClass::Block);
        case abi::mode::FIFO:
            if (fifo_opener == nullptr) return Error::Enxio;
            return fifo_opener(std::move(request));
        case abi::mode::SOCKET: return Error::Enxio;
        case abi::mode::SYMLINK: return Error::Eloop;
        default: return Error::Enxio;
    }
}

}  // namespace

void set_fifo_opener(FifoOpener opener) { fifo_opener = opener; }

Result<Ref<File>> open_inode(OpenRequest&& request) {
    const Ref<Inode> inode(&request.path.inode());
    const bool is_direct = has(request.flags, OpenFlags::Direct);
    const u32 type = inode->mode() & abi::mode::TYPE_MASK;
    if (type != abi::mode::REGULAR && type != 0) {
        Ref<File> file = TRY(open_special(std::move(request), *inode));
        // LINUX: asked last, so a fifo has waited for its other end by then.
        if (is_direct) return Error::Einval;
        return file;
    }
    if (is_direct) return Error::Einval;
    if (!can_write_through(request.flags)) return inode->open(std::move(request));
    const Ref<Mount> mount = request.path.mount;
    TRY(mount->begin_write());
    Result<Ref<File>> file = [&]() -> Result<Ref<File>> {
        TRY(inode->allow_write());
        auto opened = inode->open(std::move(request));
        if (!opened) inode->end_write();
        return opened;
    }();
    if (file)
        (*file)->counts_as_writer_ = true;
    else
        mount->end_write();
    return file;
}

Result<> check_open_flags(OpenFlags flags) {
    TRY(checked_flags(flags));
    return {};
}

Result<Ref<File>> open_path(const Path& path, OpenFlags flags, const Credentials& credentials) {
    return open_existing(path, TRY(checked_flags(flags)), credentials);
}

Result<Ref<File>> open(const Caller& caller, Start start, std::string_view path, OpenFlags asked_flags,
                       u32 mode) {
    const OpenFlags flags = TRY(checked_flags(asked_flags));
    TRY(check_open_file_count(caller.credentials));
    if (has_all(flags, OpenFlags::Tmpfile)) return open_unnamed(caller, start, path, flags, mode);
    if (has(flags, OpenFlags::Creat)) return open_or_create(caller, start, path, flags, mode);
    return open_existing(TRY(resolve(caller, start, path, walk_flags_for(flags))), flags, caller.credentials);
}

}  // namespace exo::fs
