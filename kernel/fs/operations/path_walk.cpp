#include "fs/operations/path_walk.hpp"

#include "abi/linux/limits.hpp"
#include "fs/tree/permission.hpp"
#include "scheduler/preemption.hpp"

namespace exo::fs {

namespace {

void skip_slashes(std::string_view& text) {
    while (!text.empty() && text.front() == '/') text.remove_prefix(1);
}

/// Whether names found in `directory` may be cached.
bool is_cacheable(const Dentry& directory, const Inode* found) {
    const InodeTraits traits = directory.inode()->traits();
    if (has(traits, InodeTraits::VolatileNames)) return false;
    if (!directory.is_root() && !directory.is_cached()) return false;
    if (found == nullptr) return !has(traits, InodeTraits::CompleteDirectory | InodeTraits::NoNegativeNames);
    return !has(found->traits(), InodeTraits::VolatileNames);
}

}  // namespace

Result<Ref<Dentry>> lookup_child(InodeNames& names, Dentry& directory, const HashedName& name) {
    DEBUG_ASSERT(directory.inode()->is_key(names));
    {
        auto tree = name_tree.lock();
        if (directory.is_deleted()) return Error::Enoent;
        if (Dentry* child = tree->dentries.find(directory, name); child != nullptr) return Ref<Dentry>(child);
    }
    // The last component of a path whose directory was wanted comes unseen.
    if (name.text.size() > abi::MAX_NAME_LENGTH) return Error::Enametoolong;
    Ref<Dentry> child = TRY(Dentry::create(Ref<Dentry>(&directory), name));
    Inode& inode = *directory.inode();
    if (has(inode.traits(), InodeTraits::CompleteDirectory)) return child;
    Ref<Inode> found = TRY(inode.lookup(names, *child));
    const bool keeps = is_cacheable(directory, found.get());
    // No other thread knows the new dentry.
    if (found) name_tree.unsafe_value().dentries.make_positive(*child, std::move(found));
    if (keeps) cache_dentry(*child);
    return child;
}

/// Takes references to the walk's place and releases the lock.
void PathWalk::let_go() {
    Path old = std::move(held_);
    Ref<Dentry> old_child = std::move(held_child_);
    held_ = {Ref<Mount>(mount_), Ref<Dentry>(dentry_)};
    lock_.reset();
}

void PathWalk::take_hold() { lock_.emplace(name_tree.lock()); }

/// Called after MOST_STEPS components, to let other threads have the lock and the CPU. Errors: RestartSys
/// (the thread is being killed).
Result<> PathWalk::pause() {
    steps_ = 0;
    let_go();
    const Result<> result = scheduler::preempt_point(scheduler::WaitMode::Killable);
    take_hold();
    return result;
}

Result<> PathWalk::begin(std::string_view path, WalkFlags flags) {
    if (path.size() >= abi::MAX_PATH_SIZE) return Error::Enametoolong;
    if (path.empty() && !has(flags, WalkFlags::AllowEmpty)) return Error::Enoent;
    take_hold();
    const Path* from = &caller_.context.working_directory_;
    if (start_.directory != nullptr) from = start_.directory;
    if (!path.empty() && path.front() == '/') from = &caller_.context.root_;
    if (!from->dentry) return Error::Enotdir;
    mount_ = from->mount.get();
    dentry_ = from->dentry.get();
    rest_ = text_ = path;
    return {};
}

/// Removes the next component from the front of `rest_`. Returns false at the end of the path.
bool PathWalk::next_component() {
    if (std::exchange(is_component_cut_, false)) return true;
    skip_slashes(rest_);
    while (rest_.empty()) {
        if (pending_ == 0) return false;
        // The innermost link whose path goes on behind it.
        for (usize i = links_.size(); i-- > 0;) {
            if (links_[i].rest.empty()) continue;
            rest_ = text_ = std::exchange(links_[i].rest, {});
            break;
        }
        --pending_;
        skip_slashes(rest_);
    }
    component_ = HashedName::scan(text_, rest_.data());
    rest_.remove_prefix(component_.text.size());
    component_has_slash_ = !rest_.empty();
    skip_slashes(rest_);
    return true;
}

/// The fast path: skips leading components that are plain names of cached directories that everyone may
/// search and that no mount covers. Stops before the last component and before every special case.
void PathWalk::skip_cached_directories() {
    if (is_component_cut_) return;
    const DentryTree& dentries = (*lock_)->dentries;
    const char* const end = text_.data() + text_.size();
    const char* at = rest_.data();
    while (dentry_->inode()->is_directory_open_to_all()) {
        if (++steps_ >= MOST_STEPS) [[unlikely]]
            break;
        while (at != end && *at == '/') ++at;
        if (at == end) break;
        component_ = HashedName::scan(text_, at);
        const char* const name_end = at + component_.text.size();
        const char* next = name_end;
        while (next != end && *next == '/') ++next;
        Dentry* child = nullptr;
        if (next != end && *at != '.') child = dentries.find(*dentry_, component_);
        if (child == nullptr || child->is_negative() || child->is_mountpoint() ||
            !child->inode()->is_directory()) {
            is_component_cut_ = true;
            component_has_slash_ = name_end != end;
            at = next;
            break;
        }
        dentry_ = child;
        at = next;
    }
    rest_ = {at, static_cast<usize>(end - at)};
}

Result<> PathWalk::run(Goal goal, WalkFlags flags) {
    last_ = LastComponent::None;
    has_trailing_slash_ = false;
    skip_cached_directories();
    while (next_component()) {
        if (++steps_ >= MOST_STEPS) [[unlikely]]
            TRY(pause());
        Inode* inode = dentry_->inode();
        if (!inode->is_directory()) return Error::Enotdir;
        TRY(check_search_of(*inode));
        if (is_last()) {
            has_trailing_slash_ |= component_has_slash_;
            if (goal == Goal::Parent) {
                last_name_ = component_;
                last_ = component_.text == "."    ? LastComponent::Dot
                        : component_.text == ".." ? LastComponent::DotDot
                                                  : LastComponent::Name;
                return {};
            }
        }
        if (component_.text.size() > abi::MAX_NAME_LENGTH) return Error::Enametoolong;
        TRY(enter_component(goal, flags));
    }
    return {};
}

/// Checks search permission on the current directory. The lock is released for a check that takes other locks
/// or that is long: that of the file system itself, and that of an access control list.
Result<> PathWalk::check_search_of(const Inode& directory) {
    if (directory.is_directory_open_to_all()) [[likely]]
        return {};
    constexpr u32 BEYOND_MODE = Inode::HAS_OWN_ACCESS | Inode::has_list_bit(AccessListKind::Access);
    if ((directory.mode_word() & BEYOND_MODE) == 0)
        return check_permission(directory, abi::AccessMode::Execute, caller_.credentials);
    let_go();
    const Result<> allowed = check_permission(directory, abi::AccessMode::Execute, caller_.credentials);
    scheduler::preempt_point();
    take_hold();
    return allowed;
}

Result<> PathWalk::enter_component(Goal goal, WalkFlags flags) {
    if (component_.text.front() == '.') {
        if (component_.text == ".") return {};
        if (component_.text == "..") {
            step_up();
            return {};
        }
    }
    Dentry* child = TRY(find_child());
    if (child == nullptr || child->is_negative()) return Error::Enoent;
    // A slash behind the last component is one behind each link that it leads through.
    const bool follow_it =
        goal == Goal::Parent || !is_last() || has_trailing_slash_ || has(flags, WalkFlags::FollowLast);
    return step_to(child, follow_it);
}

Result<> PathWalk::step_to(Dentry* child, bool follow_it) {
    if (follow_it && child->inode()->is_symlink()) [[unlikely]]
        return follow(*child->inode());
    dentry_ = child;
    if (child->is_mountpoint()) [[unlikely]]
        (*lock_)->mounts.descend(mount_, dentry_);
    return {};
}

/// The child `component_` of `dentry_`. Null: the names of the directory are all cached, and it has none like
/// that.
Result<Dentry*> PathWalk::find_child() {
    if (Dentry* child = (*lock_)->dentries.find(*dentry_, component_); child != nullptr) return child;
    if (has(dentry_->inode()->traits(), InodeTraits::CompleteDirectory)) return nullptr;
    return find_child_slowly();
}

Result<Dentry*> PathWalk::find_child_slowly() {
    let_go();
    Dentry& directory = *held_.dentry;
    auto names = directory.inode()->names_lock.lock();
    held_child_ = TRY(lookup_child(*names, directory, component_));
    names.unlock();
    take_hold();
    return held_child_.get();
}

void PathWalk::step_up() {
    const Path& root = caller_.context.root_;
    while (true) {
        if (mount_ == root.mount.get() && dentry_ == root.dentry.get()) break;
        if (dentry_ != &mount_->root()) {
            if (dentry_->parent() != nullptr) dentry_ = dentry_->parent();
            break;
        }
        if (mount_->parent() == nullptr) break;
        dentry_ = mount_->mountpoint();
        mount_ = mount_->parent();
    }
    (*lock_)->mounts.descend(mount_, dentry_);
}

/// Follows `inode`, a symbolic link in the current directory.
Result<> PathWalk::follow(Inode& inode) {
    if (links_.size() >= abi::MAX_SYMLINKS) return Error::Eloop;
    if (is_last()) TRY(check_follow(inode, *dentry_->inode(), caller_.credentials));
    if (has(mount_->options(), MountOptions::NoSymFollow)) return Error::Eloop;
    TRY(links_.push(Link{Ref<Inode>(&inode), {}, rest_}));
    Link& link = links_.back();
    if (!rest_.empty()) ++pending_;
    rest_ = text_ = {};  // a magic link has no text: nothing is left to walk
    if (has(inode.traits(), InodeTraits::MagicLink)) return follow_magic(inode);

    std::string_view text = inode.link_text();
    if (text.empty()) {
        let_go();
        TRY(inode.read_link(link.text));
        take_hold();
        text = link.text.view();
        if (text.empty()) return Error::Enoent;
    }
    if (!has(mount_->options(), MountOptions::NoAtime)) inode.note_accessed_relative();
    // The slash behind the link counts as one behind its text.
    if (text.front() == '/') {
        mount_ = caller_.context.root_.mount.get();
        dentry_ = caller_.context.root_.dentry.get();
    }
    rest_ = text_ = text;
    skip_cached_directories();
    return {};
}

Result<> PathWalk::follow_magic(Inode& inode) {
    let_go();
    Path place = TRY(inode.follow(caller_.credentials));
    std::swap(held_, place);
    place = {};  // the old place may be the last of its kind, and must not go with the lock held
    take_hold();
    mount_ = held_.mount.get();
    dentry_ = held_.dentry.get();
    last_ = LastComponent::None;
    return {};
}

/// Releases the lock and returns the walk's place.
Result<Path> PathWalk::finish(WalkFlags flags) {
    // LINUX: LOOKUP_MOUNTPOINT (handle_lookup_down). A path that ends in "." or in a magic link was not taken to the top.
    if (has(flags, WalkFlags::ToTopMount)) (*lock_)->mounts.descend(mount_, dentry_);
    if (!has(flags, WalkFlags::KeepExpiry)) mount_->note_used();
    Path result{Ref<Mount>(mount_), Ref<Dentry>(dentry_)};
    lock_.reset();
    return result;
}

Result<Path> PathWalk::whole(std::string_view path, WalkFlags flags) {
    TRY(begin(path, flags));
    TRY(run(Goal::Whole, flags));
    if ((has_trailing_slash_ || has(flags, WalkFlags::RequireDirectory)) && !dentry_->inode()->is_directory())
        return Error::Enotdir;
    return finish(flags);
}

Result<Path> PathWalk::parent(std::string_view path) {
    TRY(begin(path, WalkFlags::None));
    TRY(run(Goal::Parent, WalkFlags::None));
    return finish();
}

Result<Path> PathWalk::parent_through(const Dentry& link) {
    take_hold();
    const bool had_slash = has_trailing_slash_;
    TRY(follow(*link.inode()));
    TRY(run(Goal::Parent, WalkFlags::None));
    has_trailing_slash_ |= had_slash;
    return finish();
}

Result<Path> resolve(const Caller& caller, Start start, std::string_view path, WalkFlags flags) {
    PathWalk walk(caller, start);
    return walk.whole(path, flags);
}

}  // namespace exo::fs
