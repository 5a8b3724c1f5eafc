// rename(2) and its variants.
#include "fs/operations/path_walk.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

namespace {

using abi::RenameFlags;

struct Nothing {};
/// Allows one move between directories at a time, so that the relation "is below" does not change during it.
constinit scheduler::Mutex<Nothing, sync::LockRank::Rename> rename_lock;

/// The child of `top` that is `below` or contains it; null if `below` is not below `top`.
Dentry* way_down(Dentry& top, Dentry& below) {
    auto tree = name_tree.lock();
    Dentry* child = &below;
    for (Dentry* above = below.parent(); above != nullptr; child = above, above = above->parent()) {
        if (above == &top) return child;
    }
    return nullptr;
}

/// Both directories of a rename, locked: the ancestor first if one is below the other, else by address.
class DirectoryPair {
  public:
    DirectoryPair(const Path& from, const Path& to) {
        Dentry& a = *from.dentry;
        Dentry& b = *to.dentry;
        if (&a == &b) {
            first_.emplace(a.inode()->names_lock.lock());
            from_names_ = to_names_ = &**first_;
            return;
        }
        serial_.emplace(rename_lock.lock());
        source_trap_ = way_down(a, b);
        target_trap_ = source_trap_ == nullptr ? way_down(b, a) : nullptr;
        const bool a_first = source_trap_ != nullptr || (target_trap_ == nullptr && &a < &b);
        first_.emplace((a_first ? a : b).inode()->names_lock.lock());
        second_.emplace((a_first ? b : a).inode()->names_lock.lock_nested());
        from_names_ = a_first ? &**first_ : &**second_;
        to_names_ = a_first ? &**second_ : &**first_;
    }
    InodeNames& from_names() const { return *from_names_; }
    InodeNames& to_names() const { return *to_names_; }
    /// The source must not be it: it would go below itself.
    const Dentry* source_trap() const { return source_trap_; }
    /// The target must not be it: the source lies below it.
    const Dentry* target_trap() const { return target_trap_; }

  private:
    std::optional<scheduler::Mutex<Nothing, sync::LockRank::Rename>::Guard> serial_;
    std::optional<Inode::NamesLock::Guard> first_;
    std::optional<Inode::NamesLock::Guard> second_;
    InodeNames* from_names_ = nullptr;
    InodeNames* to_names_ = nullptr;
    Dentry* source_trap_ = nullptr;
    Dentry* target_trap_ = nullptr;
};

/// Whether `a`, found in `directory`, and `b` are the same file. Where each lookup makes a new inode, equal
/// inode numbers decide.
bool are_one_file(const Inode& a, const Inode& b, const Inode& directory) {
    if (&a == &b) return true;
    const bool is_made_anew = has(a.traits() | directory.traits(), InodeTraits::VolatileNames);
    return is_made_anew && a.number() == b.number() && &a.file_system() == &b.file_system();
}

struct Move {
    const Path& from;
    const Path& to;
    Dentry& source;
    Dentry& target;
    RenameFlags flags;
    bool exchanges() const { return has(flags, RenameFlags::Exchange); }
    bool replaces() const { return !target.is_negative() && !exchanges(); }
};

/// The checks of Linux's may_delete and may_create. Errors: Eacces, Eperm, Enotdir, Eisdir, Ebusy.
Result<> check_move(const Move& move, const Credentials& credentials) {
    Inode& source = *move.source.inode();
    const bool between_directories = move.from.dentry != move.to.dentry;
    TRY(check_remove(move.from, source, credentials));
    if (move.target.is_negative()) {
        TRY(check_create(move.to, credentials));
    } else {
        const Inode& target = *move.target.inode();
        TRY(check_remove(move.to, target, credentials));
        if (!move.exchanges()) {
            if (source.is_directory() && !target.is_directory()) return Error::Enotdir;
            if (!source.is_directory() && target.is_directory()) return Error::Eisdir;
        }
    }
    // A directory that moves gets another "..": that is a write to it.
    if (between_directories && source.is_directory())
        TRY(check_permission(source, abi::AccessMode::Write, credentials));
    if (between_directories && move.exchanges() && move.target.inode()->is_directory())
        TRY(check_permission(*move.target.inode(), abi::AccessMode::Write, credentials));
    if (move.source.is_mountpoint() || move.target.is_mountpoint()) return Error::Ebusy;
    return {};
}

/// Prepares the node of RENAME_WHITEOUT. Errors: Enomem.
Result<Whiteout> prepare_whiteout(const Move& move, const Credentials& credentials) {
    Ref<Dentry> parent = move.from.dentry;
    Whiteout whiteout{.name = TRY(Dentry::create(std::move(parent), HashedName::of(move.source.name()))),
                      .node = {.mode = abi::mode::CHARACTER_DEVICE}};
    TRY(prepare_new_node(move.from.inode(), credentials, 0, whiteout.node));
    return whiteout;
}

/// Updates the dentry cache after the file system has moved the names. `new_name` is a new dentry for the
/// place of the target.
void move_dentries(const Move& move, Dentry* new_name, Whiteout* whiteout) {
    Ref<Dentry> replaced;
    auto tree = name_tree.lock();
    if (move.exchanges()) {
        tree->dentries.exchange(move.source, move.target);
    } else {
        if (move.target.is_cached()) replaced = tree->dentries.erase(move.target);
        tree->dentries.move(move.source, *new_name);
    }
    // In the same step, so that no thread finds the old name free.
    if (whiteout != nullptr) {
        tree->dentries.make_positive(*whiteout->name, std::move(whiteout->inode));
        tree->dentries.insert(*whiteout->name);
    }
    tree.unlock();
}

Result<> move_checked(const DirectoryPair& locked, const Move& move, const Credentials& credentials) {
    Inode& source = *move.source.inode();
    Inode* target = move.target.inode();
    // The replaced name's dentry keeps its name for those who have it open.
    Ref<Dentry> new_name;
    if (!move.exchanges()) {
        Ref<Dentry> parent = move.to.dentry;
        new_name = TRY(Dentry::create(std::move(parent), HashedName::of(move.target.name())));
    }
    std::optional<Whiteout> whiteout;
    if (has(move.flags, RenameFlags::Whiteout)) whiteout = TRY(prepare_whiteout(move, credentials));
    Whiteout* const left_behind = whiteout ? &*whiteout : nullptr;
    std::optional<Inode::NamesLock::Guard> emptied;
    if (move.replaces() && target->is_directory()) emptied.emplace(target->names_lock.lock_nested());
    {
        auto content = TRY(source.content_lock.lock_killable());
        TRY(move.from.inode().rename(locked.from_names(), {.source = move.source,
                                                           .new_directory = move.to.inode(),
                                                           .new_names = locked.to_names(),
                                                           .target = move.target,
                                                           .emptied = emptied ? &**emptied : nullptr,
                                                           .flags = move.flags,
                                                           .whiteout = left_behind}));
    }
    move_dentries(move, new_name.get(), left_behind);
    return {};
}

}  // namespace

Result<> check_rename_flags(RenameFlags flags) {
    constexpr RenameFlags KNOWN = RenameFlags::Noreplace | RenameFlags::Exchange | RenameFlags::Whiteout;
    if ((flags & ~KNOWN) != RenameFlags::None) return Error::Einval;
    if (has(flags, RenameFlags::Exchange) && has(flags, RenameFlags::Noreplace | RenameFlags::Whiteout))
        return Error::Einval;
    return {};
}

Result<> check_parent(const Caller& caller, Start start, std::string_view path) {
    PathWalk walk(caller, start);
    TRY(walk.parent(path));
    return {};
}

Result<> rename(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                std::string_view new_path, RenameFlags flags) {
    TRY(check_rename_flags(flags));
    PathWalk old_walk(caller, old_start);
    PathWalk new_walk(caller, new_start);
    const Path from = TRY(old_walk.parent(old_path));
    const Path to = TRY(new_walk.parent(new_path));
    if (from.mount != to.mount) return Error::Exdev;
    if (old_walk.last() != LastComponent::Name) return Error::Ebusy;
    if (new_walk.last() != LastComponent::Name)
        return has(flags, RenameFlags::Noreplace) ? Error::Eexist : Error::Ebusy;
    TRY(check_writable(*from.mount));

    // The dentries go only after the locks: the last reference may destroy an inode.
    Ref<Dentry> source;
    Ref<Dentry> target;
    const DirectoryPair locked(from, to);
    source = TRY(lookup_child(locked.from_names(), *from.dentry, old_walk.last_name()));
    if (source->is_negative()) return Error::Enoent;
    target = TRY(lookup_child(locked.to_names(), *to.dentry, new_walk.last_name()));
    if (has(flags, RenameFlags::Noreplace) && !target->is_negative()) return Error::Eexist;
    if (has(flags, RenameFlags::Exchange)) {
        if (target->is_negative()) return Error::Enoent;
        if (!target->inode()->is_directory() && new_walk.has_trailing_slash()) return Error::Enotdir;
    }
    if (!source->inode()->is_directory()) {
        if (old_walk.has_trailing_slash()) return Error::Enotdir;
        if (!has(flags, RenameFlags::Exchange) && new_walk.has_trailing_slash()) return Error::Enotdir;
    }
    if (source.get() == locked.source_trap()) return Error::Einval;
    if (target.get() == locked.target_trap())
        return has(flags, RenameFlags::Exchange) ? Error::Einval : Error::Enotempty;
    if (!target->is_negative() && are_one_file(*source->inode(), *target->inode(), from.inode())) return {};

    const Move move{from, to, *source, *target, flags};
    TRY(check_move(move, caller.credentials));
    return move_checked(locked, move, caller.credentials);
}

}  // namespace exo::fs
