// Inode: a file of any type, apart from its names. File systems derive from it.
//
// Locking: attributes that a path walk reads (mode, owner, size) are atomics; times have a spin lock. A directory's names
// Locking: attributes that a path walk reads (mode, owner, size) are atomics; a spin lock guards the times.
// `names_lock` guards the names in a directory. `content_lock` guards the content of a file and the
// attributes of any inode. A function that needs one of these locks takes the object that its guard returns,
// InodeNames& or InodeContent&, as its first parameter:
//   auto names = directory.names_lock.lock();
//   TRY(directory.remove(*names, child, nullptr));
#pragma once

#include <atomic>
#include <optional>
#include <span>

#include "abi/linux/fcntl.hpp"
#include "abi/linux/stat.hpp"
#include "abi/linux/xattr.hpp"
#include "fs/node/access_control_list.hpp"
#include "fs/node/credentials.hpp"
#include "fs/node/timestamp.hpp"
#include "scheduler/mutex.hpp"
#include "utils/flags.hpp"
#include "utils/function_ref.hpp"
#include "utils/object.hpp"
#include "utils/string.hpp"

namespace exo::fs {

class BackingStore;
class Dentry;
class ExtendedAttributes;
class File;
class FileLocks;
class FileSystem;
class Inode;
struct Path;
struct OpenRequest;

/// The data of names_lock. A function with this parameter runs while the directory's names_lock is held.
class InodeNames {
  public:
    InodeNames(const InodeNames&) = delete;
    InodeNames& operator=(const InodeNames&) = delete;

  private:
    friend class scheduler::Mutex<InodeNames, sync::LockRank::Directory>;
    constexpr InodeNames() = default;
};

/// The data of content_lock. A function with this parameter runs while the inode's content_lock is held.
class InodeContent {
  public:
    InodeContent(const InodeContent&) = delete;
    InodeContent& operator=(const InodeContent&) = delete;

    /// The state that all openers of a named pipe share. The layer ipc makes it at the first open.
    Ref<Object> shared_state;

  private:
    friend class scheduler::Mutex<InodeContent, sync::LockRank::Inode>;
    constexpr InodeContent() = default;
};

struct InodeTimes {
    Timestamp access;
    Timestamp modification;
    Timestamp change;
    Timestamp birth;
};

/// The attributes that stat and statx report.
struct InodeAttributes {
    u64 number = 0;
    u32 mode = 0;
    u32 links = 0;
    UserId uid = 0;
    GroupId gid = 0;
    abi::DeviceNumber device{};  ///< Of a device node.
    u64 size = 0;
    u64 allocated_bytes = 0;
    u32 block_size = PAGE_SIZE;
    InodeTimes times{};
};

enum class InodeTraits : u16 {
    None = 0,
    CompleteDirectory =
        1,              ///< All names of the directory are in the dentry cache, so a cache miss means that
                        ///< the name does not exist.
    VolatileNames = 2,  ///< Neither the directory's own name nor the names in it are cached (/proc/PID).
    MagicLink = 4,      ///< `follow` returns the target object; there is no text to resolve (/proc/PID/exe).
    NoNegativeNames = 8,  ///< Negative dentries are not cached.
    Immutable = 16,       ///< Writes and attribute changes give EPERM (ioctl_iflags(2), FS_IMMUTABLE_FL).
    FixedMode = 32,       ///< chmod gives EPERM.
    CountsEntries = 128,  ///< Of a directory: the file position counts entries and is not a cookie.
    OwnAccess = 64,       ///< Permission checks call `check_access` before they look at the mode (procfs).
    FixedOwner = 256,     ///< chown gives EPERM.
};
EXO_FLAGS(InodeTraits);

/// The properties of a new inode. The mode contains the file type. umask, setgid rules and the directory's
/// default access control list are already applied.
struct NewNode {
    u32 mode = 0;
    UserId uid = 0;
    GroupId gid = 0;
    abi::DeviceNumber device{};
    std::string_view target{};  ///< Of a symbolic link.
    Ref<AccessControlList> access_list{};
    Ref<AccessControlList> default_list{};
};

struct DirectoryEntry {
    std::string_view name;
    u64 inode_number = 0;
    u32 mode = 0;         ///< Only the type counts.
    u64 next_cookie = 0;  ///< d_off: the cookie from which a listing continues after this entry.
};
/// Takes one directory entry. Returns false if it had no room and did not take the entry. It may modify the
/// entry: a sink that forwards to another one replaces the cookie.
using DirectorySink = FunctionRef<bool(DirectoryEntry&&)>;

/// Cookies of every directory: 0 is ".", 1 is "..", and the file system's own begin here.
inline constexpr u64 FIRST_COOKIE = 2;

/// RENAME_WHITEOUT: the device node, of a device without a driver, that replaces the old name. The file
/// system makes the inode.
struct Whiteout {
    Ref<Dentry> name;
    NewNode node;
    Ref<Inode> inode{};
};

/// The arguments of a rename whose permissions were checked. The caller holds the content_lock of the
/// source's inode.
struct Renaming {
    Dentry& source;
    Inode& new_directory;
    InodeNames& new_names;  ///< The key of new_directory.
    Dentry& target;         ///< The dentry of the new name: negative, or the one to be replaced or exchanged.
    InodeNames* emptied;    ///< The key of the directory that is replaced, or null.
    abi::RenameFlags flags;
    Whiteout* whiteout = nullptr;
};

class Inode : public Object {
  public:
    ~Inode() override;

    FileSystem& file_system() const { return *file_system_; }
    u64 number() const { return number_; }
    u32 mode() const { return mode_word() & MODE_BITS; }
    UserId uid() const { return uid_.load(std::memory_order_relaxed); }
    GroupId gid() const { return gid_.load(std::memory_order_relaxed); }
    u32 links() const { return links_.load(std::memory_order_relaxed); }
    u64 size() const { return size_.load(std::memory_order_acquire); }
    abi::DeviceNumber device() const { return device_; }
    InodeTraits traits() const { return traits_; }
    /// The mode, with HAS_OWN_ACCESS and the bits of access lists above it: all that says whether the mode
    /// alone decides on an access, in one load.
    u32 mode_word() const { return mode_word_.load(std::memory_order_relaxed); }
    static constexpr u32 MODE_BITS = 0xffff;
    static constexpr u32 HAS_OWN_ACCESS = 1U << 16;  ///< The inode has the trait OwnAccess.
    /// The bit that says that the inode has a list of this kind.
    static constexpr u32 has_list_bit(AccessListKind kind) { return 1U << (17 + std::to_underlying(kind)); }

    /// Whether this is a directory that every user may search, as the mode alone says.
    bool is_directory_open_to_all() const {
        constexpr u32 SEARCHABLE = abi::mode::DIRECTORY | 0111;
        constexpr u32 LOOKED_AT =
            abi::mode::TYPE_MASK | 0111 | HAS_OWN_ACCESS | has_list_bit(AccessListKind::Access);
        return (mode_word() & LOOKED_AT) == SEARCHABLE;
    }

    /// Called before the mode is checked, only with OwnAccess. A result is final; without one the mode
    /// decides.
    /// Errors: Eacces, Esrch (the process that the inode describes has ended).
    virtual std::optional<Result<>> check_access(abi::AccessMode, const Credentials&) const {
        return std::nullopt;
    }
    InodeTimes times() { return *times_.lock(); }

    bool is_directory() const { return abi::is_directory(mode()); }
    bool is_regular() const { return abi::is_regular(mode()); }
    bool is_symlink() const { return abi::is_symlink(mode()); }

    /// The caller holds content_lock, as that of note_access_list does, or the inode can have no list yet.
    void set_mode(u32 mode) {
        mode_word_.store((mode_word() & ~MODE_BITS) | mode, std::memory_order_relaxed);
    }
    void set_owner(UserId uid, GroupId gid) {
        uid_.store(uid, std::memory_order_relaxed);
        gid_.store(gid, std::memory_order_relaxed);
    }
    void set_links(u32 links);
    // release: a thread that reads the new size also sees the pages below it
    void set_size(u64 size) { size_.store(size, std::memory_order_release); }
    void set_times(const InodeTimes& times);
    void note_modified();         ///< Sets mtime and ctime to now.
    void note_changed();          ///< Sets ctime to now.
    void note_accessed_always();  ///< Sets atime to now.
    /// relatime: sets atime only if it is not newer than mtime and ctime, or is a day old (mount(8)).
    void note_accessed_relative();

    /// Returns the attributes. Needs no lock. The default reports the fields above.
    virtual InodeAttributes attributes();

    // ---- Directories. `names` is the key of this directory; `child` is a dentry of this directory.

    /// The inode with the name `child.name()`, or null if there is none. Errors: Enomem, Eio.
    virtual Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child);
    /// Creates an inode of any type with the name of `child`, which is negative. Errors: Enospc, Enomem,
    /// Eperm (the file system does not support the type).
    virtual Result<Ref<Inode>> create(InodeNames& names, Dentry& child, const NewNode& node);
    /// Adds a name for `target`. Errors: Enospc, Enomem, Eperm, Emlink.
    virtual Result<> link(InodeNames& names, Dentry& child, Inode& target);
    /// unlink or rmdir, depending on the child's type. If the child is a directory, `emptied` is its key.
    /// Errors: Enotempty, Eperm.
    virtual Result<> remove(InodeNames& names, Dentry& child, InodeNames* emptied);
    /// Renames or exchanges. Errors: Enotempty, Emlink, Enospc, Enomem, Einval (flags that are not
    /// supported), Eperm.
    virtual Result<> rename(InodeNames& names, const Renaming& renaming);
    /// Passes the entries from `cookie` (FIRST_COOKIE or more) on to `sink` until it is full. `directory` is
    /// the dentry of this directory.
    virtual Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink);
    /// Creates a regular file without a name (O_TMPFILE). Needs no lock, because no name changes.
    /// Errors: Eopnotsupp, Enospc, Enomem.
    virtual Result<Ref<Inode>> create_unnamed(const NewNode& node);

    // ---- Symbolic links.

    /// The link's text, if it lies in memory as long as the inode does; the path walk uses it without a call.
    /// Empty: the caller uses read_link.
    virtual std::string_view link_text() const { return {}; }
    /// Appends the link's text. Errors: Einval (not a link), Enomem, Eacces.
    virtual Result<> read_link(String& out);
    /// The target of an inode with the trait MagicLink. Errors: Enoent, Eacces, Enxio.
    virtual Result<Path> follow(const Credentials& credentials);

    // ---- Regular files, and other files that the file system opens itself. Pipes and devices are opened
    // elsewhere.

    /// Opens the inode. Errors: those of open(2).
    virtual Result<Ref<File>> open(OpenRequest&& request);
    /// Sets the file's size. Errors: Einval (not for this type of inode), Efbig, Enomem, Enospc, Etxtbsy.
    virtual Result<> truncate(InodeContent& content, u64 size);

    /// Makes the content of `store` the content of this file, which must be empty and unmapped.
    /// Errors: Einval (not empty, or the file system does not support it), Enomem.
    virtual Result<> back_with(InodeContent& content, Ref<BackingStore> store);

    // ---- Extended attributes. The caller has made all checks (vfs.hpp).

    /// The inode's attributes, or null if it has none.
    virtual const ExtendedAttributes* extended_attributes(InodeContent&) { return nullptr; }
    /// Sets an attribute. Errors: Eopnotsupp (the file system has no attributes), Eexist, Enodata (the
    /// flags), Enospc, Enomem.
    virtual Result<> set_extended_attribute(InodeContent& content, std::string_view name,
                                            std::span<const u8> value, abi::XattrFlags flags);
    /// Removes an attribute. Errors: Eopnotsupp, Enodata.
    virtual Result<> remove_extended_attribute(InodeContent& content, std::string_view name);

    // ---- Access control lists.

    /// Whether the inode has a list of this kind. Permission checks call it before they take a lock.
    bool has_access_list(AccessListKind kind) const { return (mode_word() & has_list_bit(kind)) != 0; }
    /// The list, or null.
    virtual Ref<AccessControlList> access_list(AccessListKind) const { return nullptr; }
    /// Replaces the list, or removes it if `list` is null. The caller has made all checks (vfs.hpp). Errors:
    /// Eopnotsupp, Enospc.
    virtual Result<> set_access_list(InodeContent& content, AccessListKind kind, Ref<AccessControlList> list);

    // ---- Called after a change was checked and made, so that a file system can store it.
    virtual Result<> attributes_changed(InodeContent&) { return {}; }

    using NamesLock = scheduler::Mutex<InodeNames, sync::LockRank::Directory>;
    using ContentLock = scheduler::Mutex<InodeContent, sync::LockRank::Inode>;
    NamesLock names_lock;
    ContentLock content_lock;

    /// Whether `content` is the key of this inode.
    bool is_content_key(const InodeContent& content) { return &content == &content_lock.unsafe_value(); }
    bool is_key(const InodeNames& names) { return &names == &names_lock.unsafe_value(); }

    /// The advisory locks on this file, or null if there has never been one.
    // acquire: pairs with the release in make_locks
    FileLocks* locks() const { return locks_.load(std::memory_order_acquire); }
    /// Returns the advisory locks on this file, and creates the object if there is none. Errors: Enomem.
    Result<FileLocks*> make_locks();

    /// An O_TMPFILE inode without a name, which linkat may give one.
    std::atomic<bool> may_be_linked_unnamed{false};

    /// The inode has a security.capability attribute, which the next write removes. Changes under
    /// content_lock.
    std::atomic<bool> has_file_capabilities{false};

    /// ETXTBSY: begins writing. One counter counts writers upwards and executions downwards.
    Result<> allow_write();
    void end_write();
    Result<> deny_write();
    void end_deny_write();

  protected:
    Inode(Ref<FileSystem> file_system, u64 number, const NewNode& node,
          InodeTraits traits = InodeTraits::None);
    void add_links(i32 delta);
    void note_access_list(AccessListKind kind, bool is_there) {
        const u32 others = mode_word() & ~has_list_bit(kind);
        mode_word_.store(others | (is_there ? has_list_bit(kind) : 0), std::memory_order_relaxed);
    }

  private:
    void note_links(u32 before, u32 after);

    Ref<FileSystem> file_system_;
    u64 number_;
    std::atomic<u32> mode_word_;
    std::atomic<u32> uid_;
    std::atomic<u32> gid_;
    std::atomic<u32> links_{1};
    std::atomic<u64> size_{0};
    std::atomic<i32> writers_{0};
    std::atomic<FileLocks*> locks_{nullptr};  ///< Holds a reference.
    abi::DeviceNumber device_;
    InodeTraits traits_;
    sync::SpinLocked<InodeTimes, sync::LockRank::SpinLeaf> times_;
    static constexpr i64 NEVER = INT64_MIN;
    /// Until this second note_accessed_relative changes nothing. Only written under the lock of times_.
    std::atomic<i64> access_is_fresh_until_{NEVER};
};

}  // namespace exo::fs
