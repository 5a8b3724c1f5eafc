// The classes of tmpfs: the instance, and one class for each kind of inode.
//
// Locking: names_lock guards a directory's entries; content_lock and PageCache's own lock guard a file's
// content.
#pragma once

#include "abi/linux/memfd.hpp"
#include "fs/cache/page_cache.hpp"
#include "fs/tmpfs/tmpfs.hpp"

namespace exo::fs::tmpfs {

class TmpfsFileSystem final : public FileSystem {
  public:
    TmpfsFileSystem(std::string_view type_name, const Options& options, Ref<PageBudget> budget);

    const Ref<PageBudget>& budget() const { return budget_; }
    /// Counts one more inode. Errors: Enospc (the instance's limit).
    Result<> take_inode();
    void give_inode_back() { inodes_.fetch_sub(1, std::memory_order_relaxed); }

    u64 new_inode_number();
    /// ramfs and the first root have no limits, and accept no option but the mode.
    bool has_limits() const { return type_name() != "ramfs" && type_name() != "rootfs"; }

    /// How many bytes an entry adds to its directory's size: Linux's numbers, so that listings agree. 0 in
    /// ramfs.
    u64 entry_size() const { return entry_size_; }

    /// Makes an inode without a name. Errors: Enospc, Enomem.
    Result<Ref<Inode>> make_inode(const NewNode& node);

    Result<> statistics(abi::statfs& out) override;
    Result<> append_options(String& out) override;
    Result<> remount(std::string_view text) override;
    Result<> sync() override;
    bool keeps_extended_attributes() const override { return type_name() != "ramfs"; }
    bool keeps_access_lists() const override { return type_name() != "ramfs"; }
    bool knows_birth_and_flags() const override { return type_name() != "ramfs"; }

  protected:
    void last_mount_gone(Dentry& root) override;

  private:
    Result<Ref<Inode>> make_symlink(const NewNode& node);

    Options options_;
    Ref<PageBudget> budget_;
    std::atomic<u64> max_inodes_;
    std::atomic<InodeNumbers> inode_numbers_;
    std::atomic<u64> inodes_{0};
    u64 entry_size_;
};

/// Base class of all tmpfs inodes, used directly for fifos, sockets and devices. The caller has counted it
/// with take_inode.
class TmpfsInode : public Inode {
  public:
    TmpfsInode(TmpfsFileSystem& file_system, const NewNode& node, InodeTraits traits = InodeTraits::None);
    ~TmpfsInode() override;
    void change_links(i32 delta) { add_links(delta); }

    const ExtendedAttributes* extended_attributes(InodeContent&) override { return attributes_; }
    Result<> set_extended_attribute(InodeContent& content, std::string_view name, std::span<const u8> value,
                                    abi::XattrFlags flags) override;
    Result<> remove_extended_attribute(InodeContent& content, std::string_view name) override;

    Ref<AccessControlList> access_list(AccessListKind kind) const override;
    Result<> set_access_list(InodeContent& content, AccessListKind kind,
                             Ref<AccessControlList> list) override;
    /// Gives a new inode the lists of `node`, if there are any. Errors: Enospc, Enomem.
    Result<> begin_access_lists(const NewNode& node);

  protected:
    TmpfsFileSystem& owner() const { return static_cast<TmpfsFileSystem&>(file_system()); }

  private:
    struct AccessLists {
        Ref<AccessControlList> of_kind[2];  ///< Index: AccessListKind.
    };
    using LockedAccessLists = sync::SpinLocked<AccessLists, sync::LockRank::SpinLeaf>;
    Result<> keep_access_list(AccessListKind kind, Ref<AccessControlList> list);

    ExtendedAttributes* attributes_ = nullptr;  ///< Owned. Created with the first attribute, under
                                                ///< content_lock.
    /// Owned. Created with the first access control list, under content_lock; it lives as long as the inode.
    std::atomic<LockedAccessLists*> access_lists_{nullptr};
};

/// A symbolic link. LINUX: a text of 128 bytes or more costs a page of the instance's budget
/// (SHORT_SYMLINK_LEN).
class TmpfsSymlink final : public TmpfsInode {
  public:
    /// `page` is the page of the budget that a long text costs, or null.
    TmpfsSymlink(TmpfsFileSystem& file_system, const NewNode& node, String text, Ref<PageBudget> page)
        : TmpfsInode(file_system, node),
          text_(std::move(text)),
          page_(std::move(page)) {
        set_size(text_.size());
    }
    ~TmpfsSymlink() override {
        if (page_) page_->give_back(1);
    }
    static bool is_long(std::string_view text) { return text.size() >= 128; }
    std::string_view link_text() const override { return text_; }
    InodeAttributes attributes() override;

  private:
    String text_;
    Ref<PageBudget> page_;
};

class TmpfsRegular final : public TmpfsInode {
  public:
    TmpfsRegular(TmpfsFileSystem& file_system, const NewNode& node, Ref<PageCache> cache)
        : TmpfsInode(file_system, node),
          cache_(std::move(cache)) {}

    PageCache& cache() { return *cache_; }
    const Ref<PageCache>& cache_ref() const { return cache_; }
    /// Seals are only added, under content_lock. LINUX: a file that memfd_create has not made sealable
    /// accepts none.
    bool has_seal(abi::Seals seal) const { return abi::has(seals_.load(std::memory_order_seq_cst), seal); }
    abi::Seals seals() const { return seals_.load(std::memory_order_seq_cst); }
    /// Adds seals. Errors: Eperm (F_SEAL_SEAL is set), Ebusy (F_SEAL_WRITE while the file is mapped for
    /// writing).
    Result<> add_seals(abi::Seals seals);
    void allow_sealing() { seals_.store(abi::Seals::None, std::memory_order_seq_cst); }

    /// Called after a write: updates the size that stat reports.
    void size_changed(InodeContent&) { set_size(cache_->size()); }

    InodeAttributes attributes() override;
    Result<Ref<File>> open(OpenRequest&& request) override;
    Result<> truncate(InodeContent& content, u64 size) override;
    Result<> back_with(InodeContent& content, Ref<BackingStore> store) override;

  private:
    Ref<PageCache> cache_;
    std::atomic<abi::Seals> seals_{abi::Seals::Seal};
};

class TmpfsDirectory final : public TmpfsInode {
  public:
    TmpfsDirectory(TmpfsFileSystem& file_system, const NewNode& node)
        : TmpfsInode(file_system, node, InodeTraits::CompleteDirectory | InodeTraits::CountsEntries) {
        set_links(2);
        set_size(2 * file_system.entry_size());  // "." and ".."
    }

    Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child) override;
    Result<Ref<Inode>> create(InodeNames& names, Dentry& child, const NewNode& node) override;
    Result<> link(InodeNames& names, Dentry& child, Inode& target) override;
    Result<> remove(InodeNames& names, Dentry& child, InodeNames* emptied) override;
    Result<> rename(InodeNames& names, const Renaming& renaming) override;
    Result<Ref<Inode>> create_unnamed(const NewNode& node) override;
    Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink) override;

    /// The first entry, or null.
    Dentry* first_entry(InodeNames& names) { return entries(names).first(); }
    void remove_entry(InodeNames& names, Dentry& child);

  private:
    struct Cookie {
        static u64 key(const Dentry& dentry) { return dentry.cookie; }
    };
    using Entries = Tree<Dentry, &Dentry::entry_link, Cookie>;
    Entries& entries(InodeNames& names) {
        DEBUG_ASSERT(is_key(names));
        return entries_;
    }
    /// Inserts the entry at the front.
    void insert_entry(InodeNames& names, Dentry& child);
    void add_entry(InodeNames& names, Dentry& child);
    bool is_empty(InodeNames& names) { return entries(names).is_empty(); }
    void exchange(InodeNames& names, const Renaming& renaming);

    Entries entries_;
    u64 next_cookie_ = 1ULL << 62;  ///< Counts down, so that listings show the newest entry first, as on
                                    ///< Linux.
};

}  // namespace exo::fs::tmpfs
