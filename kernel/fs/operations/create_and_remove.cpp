// System calls that make and remove names: mkdir, mknod, symlink, link, unlink, rmdir.
#include "fs/operations/path_walk.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

namespace {

/// Makes a node with a new name. Errors: Eexist, Enoent (a trailing slash after a name that is not a
/// directory), Erofs, Eacces.
Result<> create_node(const Caller& caller, Start start, std::string_view path, NewNode node) {
    PathWalk walk(caller, start);
    const Path directory = TRY(walk.parent(path));
    if (walk.last() != LastComponent::Name) return Error::Eexist;
    Inode& parent = directory.inode();
    auto names = parent.names_lock.lock();
    const Ref<Dentry> child = TRY(lookup_child(*names, *directory.dentry, walk.last_name()));
    if (!child->is_negative()) return Error::Eexist;
    if (walk.has_trailing_slash() && !abi::is_directory(node.mode)) return Error::Enoent;
    TRY(check_create(directory, caller.credentials));
    const bool is_device = abi::is_character_device(node.mode) || abi::is_block_device(node.mode);
    if (is_device && !caller.credentials.may(Privilege::Mknod)) return Error::Eperm;
    TRY(prepare_new_node(parent, caller.credentials, caller.context.umask(), node));
    Ref<Inode> inode = TRY(parent.create(*names, *child, node));
    cache_positive(*child, std::move(inode));
    return {};
}

Result<Path> find_link_source(const Caller& caller, Start start, std::string_view path, abi::AtFlags flags) {
    using abi::AtFlags;
    WalkFlags walk_flags = has(flags, AtFlags::SymlinkFollow) ? WalkFlags::FollowLast : WalkFlags::None;
    if (has(flags, AtFlags::EmptyPath)) walk_flags |= WalkFlags::AllowEmpty;
    return resolve(caller, start, path, walk_flags);
}

/// Removes a name from the dentry cache, after the file system has removed it.
void forget(Dentry& child) {
    Ref<Dentry> cached;
    auto tree = name_tree.lock();
    cached = tree->dentries.erase(child);
    tree.unlock();
}

}  // namespace

Result<> make_directory(const Caller& caller, Start start, std::string_view path, u32 mode) {
    const u32 permissions = mode & (0777 | abi::mode::STICKY);
    return create_node(caller, start, path, {.mode = abi::mode::DIRECTORY | permissions});
}

Result<> make_node(const Caller& caller, Start start, std::string_view path, u32 mode,
                   abi::DeviceNumber device) {
    u32 type = mode & abi::mode::TYPE_MASK;
    switch (type) {
        case 0: type = abi::mode::REGULAR; break;
        case abi::mode::REGULAR:
        case abi::mode::FIFO:
        case abi::mode::SOCKET: break;
        case abi::mode::CHARACTER_DEVICE:
        case abi::mode::BLOCK_DEVICE:
            return create_node(caller, start, path,
                               {.mode = type | (mode & abi::mode::PERMISSIONS), .device = device});
        case abi::mode::DIRECTORY: return Error::Eperm;
        default: return Error::Einval;
    }
    return create_node(caller, start, path, {.mode = type | (mode & abi::mode::PERMISSIONS)});
}

Result<> make_symlink(const Caller& caller, std::string_view target, Start start, std::string_view path) {
    if (target.empty()) return Error::Enoent;
    return create_node(caller, start, path, {.mode = abi::mode::SYMLINK | 0777, .target = target});
}

Result<> check_link_source(const Caller& caller, Start start, std::string_view path, abi::AtFlags flags) {
    TRY(find_link_source(caller, start, path, flags));
    return {};
}

Result<> make_link(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                   std::string_view new_path, abi::AtFlags flags) {
    const Path old = TRY(find_link_source(caller, old_start, old_path, flags));
    PathWalk walk(caller, new_start);
    const Path directory = TRY(walk.parent(new_path));
    if (walk.last() != LastComponent::Name) return Error::Eexist;
    Inode& parent = directory.inode();
    auto names = parent.names_lock.lock();
    const Ref<Dentry> child = TRY(lookup_child(*names, *directory.dentry, walk.last_name()));
    if (!child->is_negative()) return Error::Eexist;
    if (walk.has_trailing_slash()) return Error::Enoent;
    if (old.mount != directory.mount) return Error::Exdev;
    Inode& inode = old.inode();
    TRY(check_linkable(inode, caller.credentials));
    TRY(check_create(directory, caller.credentials));
    if (inode.is_directory()) return Error::Eperm;

    auto content = TRY(inode.content_lock.lock_killable());
    if (inode.links() == 0 && !inode.may_be_linked_unnamed.load(std::memory_order_relaxed))
        return Error::Enoent;
    TRY(parent.link(*names, *child, inode));
    content.unlock();
    cache_positive(*child, Ref<Inode>(&inode));
    return {};
}

Result<> unlink(const Caller& caller, Start start, std::string_view path) {
    PathWalk walk(caller, start);
    const Path directory = TRY(walk.parent(path));
    if (walk.last() != LastComponent::Name) return Error::Eisdir;
    TRY(check_writable(*directory.mount));
    auto names = directory.inode().names_lock.lock();
    const Ref<Dentry> child = TRY(lookup_child(*names, *directory.dentry, walk.last_name()));
    if (child->is_negative()) return Error::Enoent;
    Inode& victim = *child->inode();
    if (walk.has_trailing_slash()) return victim.is_directory() ? Error::Eisdir : Error::Enotdir;
    TRY(check_remove(directory, victim, caller.credentials));
    if (victim.is_directory()) return Error::Eisdir;
    if (child->is_mountpoint()) return Error::Ebusy;
    auto content = TRY(victim.content_lock.lock_killable());
    TRY(directory.inode().remove(*names, *child, nullptr));
    content.unlock();
    forget(*child);
    return {};
}

Result<> remove_directory(const Caller& caller, Start start, std::string_view path) {
    PathWalk walk(caller, start);
    const Path directory = TRY(walk.parent(path));
    switch (walk.last()) {
        case LastComponent::Name: break;
        case LastComponent::Dot: return Error::Einval;
        case LastComponent::DotDot: return Error::Enotempty;
        case LastComponent::None: return Error::Ebusy;
    }
    TRY(check_writable(*directory.mount));
    auto names = directory.inode().names_lock.lock();
    const Ref<Dentry> child = TRY(lookup_child(*names, *directory.dentry, walk.last_name()));
    if (child->is_negative()) return Error::Enoent;
    Inode& victim = *child->inode();
    TRY(check_remove(directory, victim, caller.credentials));
    if (!victim.is_directory()) return Error::Enotdir;
    if (child->is_mountpoint()) return Error::Ebusy;
    // Prevents new names in the directory until its own name is removed.
    auto victim_names = victim.names_lock.lock_nested();
    TRY(directory.inode().remove(*names, *child, &*victim_names));
    forget(*child);
    return {};
}

}  // namespace exo::fs
