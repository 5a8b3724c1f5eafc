#include "fs/tmpfs/tmpfs_inodes.hpp"
#include "fs/tree/dentry.hpp"

namespace exo::fs::tmpfs {

namespace {

TmpfsInode& tmpfs_inode(Inode& inode) { return static_cast<TmpfsInode&>(inode); }

TmpfsDirectory& tmpfs_directory(Inode& inode) { return static_cast<TmpfsDirectory&>(inode); }

}  // namespace

void TmpfsDirectory::insert_entry(InodeNames& names, Dentry& child) {
    child.cookie = --next_cookie_;
    entries(names).insert(child);
}

void TmpfsDirectory::add_entry(InodeNames& names, Dentry& child) {
    insert_entry(names, child);
    set_size(size() + owner().entry_size());
}

void TmpfsDirectory::remove_entry(InodeNames& names, Dentry& child) {
    entries(names).remove(child);
    set_size(size() - owner().entry_size());
}

Result<Ref<Inode>> TmpfsDirectory::lookup(InodeNames&, Dentry&) {
    // All names are in the cache, so one that is not there does not exist.
    return Ref<Inode>();
}

Result<Ref<Inode>> TmpfsDirectory::create(InodeNames& names, Dentry& child, const NewNode& node) {
    Ref<Inode> inode = TRY(owner().make_inode(node));
    add_entry(names, child);
    if (abi::is_directory(node.mode)) add_links(1);
    note_modified();
    return inode;
}

Result<Ref<Inode>> TmpfsDirectory::create_unnamed(const NewNode& node) {
    Ref<Inode> inode = TRY(owner().make_inode(node));
    inode->set_links(0);
    return inode;
}

Result<> TmpfsDirectory::link(InodeNames& names, Dentry& child, Inode& target) {
    // LINUX: each further name counts as an inode, since its dentry holds memory too (shmem_link).
    if (target.links() != 0) TRY(owner().take_inode());
    add_entry(names, child);
    tmpfs_inode(target).change_links(1);
    target.note_changed();
    note_modified();
    return {};
}

Result<> TmpfsDirectory::remove(InodeNames& names, Dentry& child, InodeNames* emptied) {
    TmpfsInode& victim = tmpfs_inode(*child.inode());
    if (victim.is_directory()) {
        if (!tmpfs_directory(victim).is_empty(*emptied)) return Error::Enotempty;
        // Its own "." and the name that goes; and one ".." less here.
        victim.set_links(0);
        add_links(-1);
    } else {
        if (victim.links() > 1) owner().give_inode_back();
        victim.change_links(-1);
    }
    remove_entry(names, child);
    victim.note_changed();
    note_modified();
    return {};
}

void TmpfsDirectory::exchange(InodeNames& names, const Renaming& renaming) {
    TmpfsDirectory& other = tmpfs_directory(renaming.new_directory);
    // Both come to the front. LINUX: __d_move, the target first.
    entries(names).remove(renaming.source);
    other.entries(renaming.new_names).remove(renaming.target);
    insert_entry(names, renaming.target);
    other.insert_entry(renaming.new_names, renaming.source);
    if (&other != this) {
        // Each directory keeps its number of entries; subdirectories may move across.
        const i32 here = (renaming.target.inode()->is_directory() ? 1 : 0) -
                         (renaming.source.inode()->is_directory() ? 1 : 0);
        add_links(here);
        other.change_links(-here);
    }
    renaming.target.inode()->note_changed();
}

Result<> TmpfsDirectory::rename(InodeNames& names, const Renaming& renaming) {
    TmpfsDirectory& target_directory = tmpfs_directory(renaming.new_directory);
    Inode& source = *renaming.source.inode();
    if (has(renaming.flags, abi::RenameFlags::Exchange)) {
        exchange(names, renaming);
    } else {
        if (!renaming.target.is_negative()) {
            Inode& victim = *renaming.target.inode();
            if (victim.is_directory() && !tmpfs_directory(victim).is_empty(*renaming.emptied))
                return Error::Enotempty;
        }
        if (renaming.whiteout != nullptr)
            renaming.whiteout->inode = TRY(owner().make_inode(renaming.whiteout->node));
        if (!renaming.target.is_negative()) {
            TRY(target_directory.remove(renaming.new_names, renaming.target, renaming.emptied));
        }
        remove_entry(names, renaming.source);
        if (renaming.whiteout != nullptr) add_entry(names, *renaming.whiteout->name);
        target_directory.add_entry(renaming.new_names, renaming.source);
        if (source.is_directory() && &target_directory != this) {
            add_links(-1);
            target_directory.change_links(1);
        }
    }
    source.note_changed();
    note_modified();
    if (&target_directory != this) target_directory.note_modified();
    return {};
}

Result<> TmpfsDirectory::iterate(InodeNames& names, Dentry&, u64 cookie, DirectorySink sink) {
    for (Dentry* entry = entries(names).lower_bound(cookie); entry != nullptr;
         entry = Entries::next(*entry)) {
        const Inode& inode = *entry->inode();
        if (!sink({entry->name(), inode.number(), inode.mode(), entry->cookie + 1})) break;
    }
    return {};
}

}  // namespace exo::fs::tmpfs
