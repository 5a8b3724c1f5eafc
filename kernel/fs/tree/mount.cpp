#include "fs/tree/mount.hpp"

#include "fs/tree/name_tree.hpp"
#include "utils/scope.hpp"

namespace exo::fs {

namespace {

constinit std::atomic<u32> next_mount_id{1};

const Dentry* parent_of(const Dentry& dentry) { return dentry.parent(); }

/// Requires that the name tree is locked.
bool is_at_or_below(const Dentry* dentry, const Dentry& top) {
    for (; dentry != nullptr; dentry = parent_of(*dentry)) {
        if (dentry == &top) return true;
    }
    return false;
}

/// The topmost mount at a place that mounts may cover.
Path topmost(const Path& where) {
    auto tree = name_tree.lock();
    Mount* mount = where.mount.get();
    Dentry* dentry = where.dentry.get();
    tree->mounts.descend(mount, dentry);
    return {Ref<Mount>(mount), Ref<Dentry>(dentry)};
}

}  // namespace

Mount::Mount(MountableTree tree, String source, MountOptions options)
    : Object(ObjectKind::Mount),
      id_(next_mount_id.fetch_add(1, std::memory_order_relaxed)),
      file_system_(std::move(tree.file_system)),
      root_(std::move(tree.root)),
      source_(std::move(source)),
      options_(options),
      writers_(has(options, MountOptions::ReadOnly) ? WriterGate::Initially::Closed
                                                    : WriterGate::Initially::Open) {
    file_system_->mounts_.fetch_add(1, std::memory_order_relaxed);
}

Result<Ref<Mount>> Mount::create(MountableTree tree, std::string_view source, MountOptions options) {
    String text = TRY(String::from(source.empty() ? std::string_view("none") : source));
    return make_ref<Mount>(std::move(tree), std::move(text), options);
}

Result<Ref<Mount>> Mount::create_nameless(MountableTree tree, std::string_view description) {
    Ref<Mount> mount = TRY(create(std::move(tree), description, MountOptions::None));
    mount->is_nameless_ = true;
    return mount;
}

Mount::~Mount() {
    // acq_rel: the last one sees what was done through the others
    if (file_system_->mounts_.fetch_sub(1, std::memory_order_acq_rel) != 1 || is_nameless_) return;
    Dentry* top = root_.get();
    // Nothing else uses the file system now, so no rename can happen.
    while (top->parent() != nullptr) top = top->parent();
    const Ref<Dentry> keep(top);
    file_system_->last_mount_gone(*top);
}

Result<> Mount::set_options(MountOptions options) {
    if (has(options, MountOptions::ReadOnly))
        TRY(writers_.close());
    else
        writers_.open();
    options_.store(options, std::memory_order_relaxed);
    return {};
}

Result<> Mount::begin_write() {
    TRY(file_system_->writers_.enter());
    const auto entered = writers_.enter();
    if (!entered) file_system_->writers_.leave();
    return entered;
}

void Mount::end_write() {
    writers_.leave();
    file_system_->writers_.leave();
}

Result<Ref<MountNamespace>> MountNamespace::create(Ref<Mount> root) {
    Ref<MountNamespace> mounts = TRY(make_ref<MountNamespace>());
    auto state = mounts->state_.lock();
    root->namespace_ = mounts.get();
    state->mounts.push_back(*root.get());
    state->count = 1;
    mounts->root_ = std::move(root);
    return mounts;
}

MountNamespace::~MountNamespace() {
    // Children are behind their parents.
    while (Mount* mount = state_.unsafe_value().mounts.back()) take_out(state_.unsafe_value(), *mount);
}

Path MountNamespace::root() { return topmost({root_, Ref<Dentry>(&root_->root())}); }

/// Appends a mount to the list. The namespace takes over a reference.
Mount& MountNamespace::enter(State& state, Ref<Mount> mount) {
    Mount& entered = *mount.leak();
    entered.namespace_ = this;
    state.mounts.push_back(entered);
    ++state.count;
    return entered;
}

/// Removes a mount from the list. The caller drops the namespace's reference.
void MountNamespace::leave(State& state, Mount& mount) {
    state.mounts.remove(mount);
    mount.namespace_ = nullptr;
    --state.count;
}

void MountNamespace::put_in(State& state, Ref<Mount> mount, const Path& where) {
    Mount& entered = enter(state, std::move(mount));
    auto tree = name_tree.lock();
    tree->mounts.attach(entered, where.mount, where.dentry);
}

/// Checks the limit of mounts. LINUX: count_mounts. Errors: Enospc.
Result<> MountNamespace::check_room(const State& state, usize more) {
    if (state.count + more > mount_max.load(std::memory_order_relaxed)) return Error::Enospc;
    return {};
}

/// Detaches a mount and returns the namespace's reference.
void MountNamespace::take_out(State& state, Mount& mount) {
    leave(state, mount);
    if (&mount == root_.get()) return;
    Path place;
    {
        auto tree = name_tree.lock();
        if (mount.parent_) place = tree->mounts.detach(mount);
    }
    mount.release();
}

Result<> MountNamespace::check_place(const Mount& mount, const Path& where) {
    if (where.mount->namespace_ != this) return Error::Einval;
    if (where.dentry->is_deleted()) return Error::Enoent;
    if (mount.root().inode()->is_directory() != where.inode().is_directory()) return Error::Enotdir;
    return {};
}

Result<> MountNamespace::attach(Ref<Mount> mount, const Path& where) {
    auto state = state_.lock();
    const Path place = topmost(where);
    // LINUX: the same file system on the same place again is refused (do_add_mount).
    if (&place.mount->file_system() == &mount->file_system() && place.dentry.get() == &place.mount->root() &&
        place.dentry.get() == &mount->root())
        return Error::Ebusy;
    if (mount->root().inode()->is_symlink()) return Error::Einval;
    TRY(check_place(*mount, place));
    TRY(check_room(*state, 1));
    put_in(*state, std::move(mount), place);
    return {};
}

Result<Ref<Mount>> MountNamespace::copy_of(const Mount& mount, Ref<Dentry> root) {
    return Mount::create({mount.file_system_, std::move(root)}, mount.source(), mount.options());
}

/// Appends copies of the mounts below `from`, whose own copy is the first of `copies`. Each follows its
/// parent, because the namespace's list has that order.
Result<> MountNamespace::copy_below(State& state, const Path& from, Vector<MountCopy>& copies) {
    from.mount->copy_index_ = 0;
    const ScopeExit forget{[&] {
        for (const MountCopy& copy : copies) copy.original->copy_index_ = MountCopy::NONE;
    }};
    for (Mount& mount : state.mounts) {
        Mount* above = mount.parent_.get();
        // Mounts below an unbindable mount are left out too.
        if (above == nullptr || above->copy_index_ == MountCopy::NONE || mount.is_unbindable()) continue;
        if (above == from.mount.get()) {
            auto tree = name_tree.lock();
            if (!is_at_or_below(mount.mountpoint_.get(), *from.dentry)) continue;
        }
        TRY(check_room(state, copies.size() + 1));
        MountCopy copy{.original = &mount, .copy = TRY(copy_of(mount, mount.root_)), .parent = above->copy_index_};
        const auto index = static_cast<u32>(copies.size());
        TRY(copies.push(std::move(copy)));
        mount.copy_index_ = index;
        MountCopy& parent = copies[copies[index].parent];
        (parent.first_child == MountCopy::NONE ? parent.first_child
                                               : copies[parent.last_child].next_sibling) = index;
        parent.last_child = index;
    }
    return {};
}

/// Adds the copies to the list. LINUX: copy_tree adds each mount before its siblings, and all mounts below it
/// before those.
void MountNamespace::enter_copies(State& state, std::span<const MountCopy> copies) {
    for (u32 at = 0; at != MountCopy::NONE;) {
        enter(state, copies[at].copy);
        if (copies[at].first_child != MountCopy::NONE) {
            at = copies[at].first_child;
            continue;
        }
        while (at != 0 && copies[at].next_sibling == MountCopy::NONE) at = copies[at].parent;
        at = at == 0 ? MountCopy::NONE : copies[at].next_sibling;
    }
}

Result<> MountNamespace::bind(const Path& from, const Path& where, Depth depth) {
    auto state = state_.lock();
    if (from.mount->namespace_ != this || from.mount->is_unbindable()) return Error::Einval;
    const Path place = topmost(where);
    Ref<Mount> top = TRY(copy_of(*from.mount, from.dentry));
    TRY(check_place(*top, place));
    TRY(check_room(*state, 1));
    if (depth == Depth::One) {
        put_in(*state, std::move(top), place);
        return {};
    }
    // All mounts are made before one is attached, and the top is attached last, so that no walk sees it
    // without those below.
    Vector<MountCopy> copies;
    TRY(copies.push({.original = from.mount.get(), .copy = std::move(top)}));
    TRY(copy_below(*state, from, copies));
    enter_copies(*state, copies.span());
    for (const MountCopy& copy : copies.span().subspan(1)) {
        auto tree = name_tree.lock();
        tree->mounts.attach(*copy.copy, copies[copy.parent].copy, copy.original->mountpoint_);
    }
    auto tree = name_tree.lock();
    tree->mounts.attach(*copies[0].copy, place.mount, place.dentry);
    tree.unlock();
    return {};
}

void MountNamespace::set_binding(const Path& top, Binding binding, Depth depth) {
    auto state = state_.lock();
    for (Mount* mount = top.mount.get(); mount != nullptr; mount = next_below(*mount, *top.mount)) {
        mount->is_unbindable_.store(binding == Binding::Refused, std::memory_order_relaxed);
        if (depth == Depth::One) break;
    }
}

Result<> MountNamespace::move(const Path& from, const Path& where) {
    auto state = state_.lock();
    Mount& mount = *from.mount;
    if (mount.namespace_ != this || from.dentry.get() != &mount.root() || !mount.parent_)
        return Error::Einval;
    const Path place = topmost(where);
    TRY(check_place(mount, place));
    for (const Mount* above = place.mount.get(); above != nullptr; above = above->parent()) {
        if (above == &mount) return Error::Eloop;
    }
    // Behind its new parent in the list, and everything on it behind it.
    Path old_place;
    auto tree = name_tree.lock();
    old_place = tree->mounts.detach(mount);
    tree->mounts.attach(mount, place.mount, place.dentry);
    tree.unlock();
    put_subtree_last(*state, mount);
    return {};
}

/// Moves a subtree to the end of the list. Parents stay before their children.
void MountNamespace::put_subtree_last(State& state, Mount& top) {
    for (Mount* mount = &top; mount != nullptr; mount = next_below(*mount, top)) mount->is_chosen_ = true;
    MountList moved;
    state.mounts.remove(top);
    moved.push_back(top);
    for (Mount& mount : state.mounts) {
        if (!mount.is_chosen_) continue;
        state.mounts.remove(mount);
        moved.push_back(mount);
    }
    for (Mount& mount : moved) mount.is_chosen_ = false;
    state.mounts.splice_back(moved);
}

Result<> MountNamespace::detach(const Path& where, abi::UmountFlags flags) {
    using abi::UmountFlags;
    if (has(flags, UmountFlags::Expire) && has(flags, UmountFlags::Force | UmountFlags::Detach))
        return Error::Einval;
    auto state = state_.lock();
    Mount& mount = *where.mount;
    if (mount.namespace_ != this || where.dentry.get() != &mount.root() || !mount.parent_)
        return Error::Einval;

    if (has(flags, UmountFlags::Detach)) {
        take_out_subtree(*state, mount);
        return {};
    }
    Path place;
    {
        // Others only come by a walk, which this lock keeps out.
        auto tree = name_tree.lock();
        TRY(check_unused(mount, flags));
        place = tree->mounts.detach(mount);
    }
    leave(*state, mount);
    mount.release();
    return {};
}

/// Requires that the name tree is locked. With MNT_EXPIRE the mount must have been unused since an earlier
/// MNT_EXPIRE.
Result<> MountNamespace::check_unused(Mount& mount, abi::UmountFlags flags) {
    // One reference is the namespace's, one the caller's path.
    if (!mount.children_.is_empty() || mount.reference_count() > 2) return Error::Ebusy;
    if (!has(flags, abi::UmountFlags::Expire)) return {};
    return mount.is_expiring_.exchange(true, std::memory_order_relaxed) ? Result<>{}
                                                                        : Result<>{Error::Eagain};
}

/// The mount after `mount` in the tree below `top`, parents before children; null after the last. The
/// namespace is locked, so the tree does not change.
Mount* MountNamespace::next_below(Mount& mount, const Mount& top) {
    if (Mount* child = mount.children_.front()) return child;
    for (Mount* at = &mount; at != &top; at = at->parent_.get()) {
        if (Mount* sibling = at->parent_->children_.after(*at)) return sibling;
    }
    return nullptr;
}

/// Detaches a subtree from the leaves up. Each mount exists as long as it has users.
void MountNamespace::take_out_subtree(State& state, Mount& top) {
    for (Mount* mount = &top;;) {
        if (Mount* child = mount->children_.back()) {
            mount = child;
            continue;
        }
        Mount* const above = mount == &top ? nullptr : mount->parent_.get();
        take_out(state, *mount);
        if (above == nullptr) return;
        mount = above;
    }
}

Result<> MountNamespace::for_each(FunctionRef<Result<Visit>(Mount&)> visit) {
    auto state = state_.lock();
    for (Mount& mount : state->mounts) {
        if (TRY(visit(mount)) == Visit::Stop) break;
    }
    return {};
}

}  // namespace exo::fs
