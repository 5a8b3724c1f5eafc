#include "fs/node/inode.hpp"

#include <algorithm>

#include "fs/cache/backing_store.hpp"

#include "fs/locks/file_locks.hpp"
#include "fs/node/file_system.hpp"

namespace exo::fs {

Inode::Inode(Ref<FileSystem> file_system, u64 number, const NewNode& node, InodeTraits traits)
    : Object(ObjectKind::Inode),
      file_system_(std::move(file_system)),
      number_(number),
      mode_word_(node.mode | (has(traits, InodeTraits::OwnAccess) ? HAS_OWN_ACCESS : 0)),
      uid_(node.uid),
      gid_(node.gid),
      device_(node.device),
      traits_(traits) {
    const Timestamp now = Timestamp::now();
    times_.unsafe_value() = {now, now, now, now};
}

Inode::~Inode() {
    if (FileLocks* locks = this->locks()) locks->release();
    if (links() == 0) file_system_->note_nameless(-1);
}

Result<FileLocks*> Inode::make_locks() {
    if (FileLocks* locks = this->locks()) return locks;
    FileLocks* made = TRY(make_ref<FileLocks>(file_system_->device(), number_)).leak();
    FileLocks* first = nullptr;
    // release: pairs with the acquire in locks()
    if (locks_.compare_exchange_strong(first, made, std::memory_order_acq_rel)) return made;
    made->release();
    return first;
}

/// Tells the file system when an inode loses its last name, because it must delete such inodes later.
void Inode::note_links(u32 before, u32 after) {
    if ((before == 0) == (after == 0)) return;
    file_system_->note_nameless(after == 0 ? 1 : -1);
}

void Inode::set_links(u32 links) { note_links(links_.exchange(links, std::memory_order_relaxed), links); }

void Inode::add_links(i32 delta) {
    const u32 before = links_.fetch_add(static_cast<u32>(delta), std::memory_order_relaxed);
    note_links(before, before + static_cast<u32>(delta));
}

InodeAttributes Inode::attributes() {
    return {.number = number_,
            .mode = mode(),
            .links = links(),
            .uid = uid(),
            .gid = gid(),
            .device = device_,
            .size = size(),
            .block_size = file_system_->block_size(),
            .times = times()};
}

void Inode::note_modified() {
    const Timestamp now = Timestamp::now();
    auto times = times_.lock();
    times->modification = now;
    times->change = now;
    access_is_fresh_until_.store(NEVER, std::memory_order_relaxed);
}

void Inode::note_changed() {
    const Timestamp now = Timestamp::now();
    auto times = times_.lock();
    times->change = now;
    access_is_fresh_until_.store(NEVER, std::memory_order_relaxed);
}

void Inode::set_times(const InodeTimes& times) {
    auto own = times_.lock();
    *own = times;
    access_is_fresh_until_.store(NEVER, std::memory_order_relaxed);
}

void Inode::note_accessed_always() {
    const Timestamp now = Timestamp::now();
    times_.lock()->access = now;
}

void Inode::note_accessed_relative() {
    constexpr i64 DAY = 24 * 60 * 60;
    const Timestamp now = Timestamp::now();
    // Many CPUs may read one file, so the usual case writes nothing. A thread that misses a change of another CPU is before it.
    if (now.seconds < access_is_fresh_until_.load(std::memory_order_relaxed)) return;
    auto times = times_.lock();
    const bool is_stale = times->access <= times->modification || times->access <= times->change ||
                          now.seconds - times->access.seconds >= DAY;
    if (is_stale)
        times->access = now;
    else
        access_is_fresh_until_.store(std::min(times->access.seconds, INT64_MAX - DAY) + DAY,
                                     std::memory_order_relaxed);
}

Result<Ref<Inode>> Inode::lookup(InodeNames&, Dentry&) { return Error::Enotdir; }

Result<Ref<Inode>> Inode::create(InodeNames&, Dentry&, const NewNode& node) {
    // LINUX: without create the VFS says EACCES, without mkdir and the others EPERM.
    return abi::is_regular(node.mode) ? Error::Eacces : Error::Eperm;
}

Result<> Inode::link(InodeNames&, Dentry&, Inode&) { return Error::Eperm; }

Result<> Inode::remove(InodeNames&, Dentry&, InodeNames*) { return Error::Eperm; }

Result<> Inode::rename(InodeNames&, const Renaming&) { return Error::Eperm; }

Result<Ref<Inode>> Inode::create_unnamed(const NewNode&) { return Error::Eopnotsupp; }

Result<> Inode::iterate(InodeNames&, Dentry&, u64, DirectorySink) { return Error::Enotdir; }

Result<> Inode::read_link(String& out) {
    if (!is_symlink()) return Error::Einval;
    return out.append(link_text());
}

Result<> Inode::truncate(InodeContent&, u64) { return Error::Einval; }

Result<> Inode::back_with(InodeContent&, Ref<BackingStore>) { return Error::Einval; }

Result<> Inode::set_extended_attribute(InodeContent&, std::string_view, std::span<const u8>,
                                       abi::XattrFlags) {
    return Error::Eopnotsupp;
}

Result<> Inode::remove_extended_attribute(InodeContent&, std::string_view) { return Error::Eopnotsupp; }

Result<> Inode::set_access_list(InodeContent&, AccessListKind, Ref<AccessControlList>) {
    return Error::Eopnotsupp;
}

Result<> Inode::allow_write() {
    i32 count = writers_.load(std::memory_order_relaxed);
    do {
        if (count < 0) return Error::Etxtbsy;
    } while (!writers_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return {};
}

void Inode::end_write() { writers_.fetch_sub(1, std::memory_order_relaxed); }

Result<> Inode::deny_write() {
    i32 count = writers_.load(std::memory_order_relaxed);
    do {
        if (count > 0) return Error::Etxtbsy;
    } while (!writers_.compare_exchange_weak(count, count - 1, std::memory_order_relaxed));
    return {};
}

void Inode::end_deny_write() { writers_.fetch_add(1, std::memory_order_relaxed); }

}  // namespace exo::fs
