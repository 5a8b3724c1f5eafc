// Inode: a file of any type, apart from its names. File systems derive from it.
//
// Locking: attributes that a path walk reads (mode, owner, size) are atomics; times have a spin lock. A directory's names
// change under `names_lock`, a file's content and the attributes of any inode under `content_lock`. A function that needs
// one of these locks takes what its guard gives, InodeNames& or InodeContent&, as its first parameter:
//
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

/// The key of a directory's names: a function that has one runs with that directory's names_lock held.
class InodeNames {
  public:
    InodeNames(const InodeNames&) = delete;
    InodeNames& operator=(const InodeNames&) = delete;

  private:
    friend class scheduler::Mutex<InodeNames, sync::LockRank::Directory>;
    constexpr InodeNames() = default;
};

/// The key of an inode's content and attributes: a function that has one runs with that inode's content_lock held.
class InodeContent {
  public:
    InodeContent(const InodeContent&) = delete;
    InodeContent& operator=(const InodeContent&) = delete;

    /// What a named pipe's openers share; ipc makes it at the first open.
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

/// Everything that stat and statx tell.
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
        1,              ///< All its names are in the dentry cache: a miss means that the name does not exist.
    VolatileNames = 2,  ///< Neither the directory's own name nor those in it are cached (/proc/PID).
    MagicLink = 4,      ///< `follow` leads to an object, not to a path to be parsed (/proc/PID/exe).
    NoNegativeNames = 8,  ///< That a name is absent is not remembered.
    Immutable =
        16,  ///< Nobody writes it or changes its attributes: EPERM (ioctl_iflags(2), FS_IMMUTABLE_FL).
    FixedMode = 32,       ///< chmod is EPERM.
    CountsEntries = 128,  ///< Of a directory: positions are numbers of entries, not cookies.
    OwnAccess = 64,       ///< `check_access` is asked before the mode (procfs).
    FixedOwner = 256,     ///< chown is EPERM.
};
EXO_FLAGS(InodeTraits);

/// What a name is to be made with. The mode carries the type; umask, setgid rules and the directory's default access control
/// list have been applied.
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
    u64 next_cookie = 0;  ///< d_off: where to go on after this entry.
};
/// False: no room, the entry was not taken. It is the sink's to change: one on the way to another puts its own cookies in.
using DirectorySink = FunctionRef<bool(DirectoryEntry&&)>;

/// Cookies of every directory: 0 is ".", 1 is "..", a file system's own start here.
inline constexpr u64 FIRST_COOKIE = 2;

/// RENAME_WHITEOUT: what takes the place of the old name, a device that no driver has. The file system makes the inode.
struct Whiteout {
    Ref<Dentry> name;
    NewNode node;
    Ref<Inode> inode{};
};

/// A rename whose permissions have been checked. The content_lock of the source's inode is held.
struct Renaming {
    Dentry& source;
    Inode& new_directory;
    InodeNames& new_names;  ///< Of new_directory.
    Dentry& target;         ///< Negative, or what is replaced or exchanged.
    InodeNames* emptied;    ///< Of the directory that is replaced, if it is one.
    abi::RenameFlags flags;
    Whiteout* whiteout = nullptr;
};

class Inode : public Object {
  public:
    ~Inode() override;

    FileSystem& file_system() const { return *file_system_; }
    u64 number() const { return number_; }
    u32 mode() const { return mode_.load(std::memory_order_relaxed); }
    UserId uid() const { return uid_.load(std::memory_order_relaxed); }
    GroupId gid() const { return gid_.load(std::memory_order_relaxed); }
    u32 links() const { return links_.load(std::memory_order_relaxed); }
    u64 size() const { return size_.load(std::memory_order_acquire); }
    abi::DeviceNumber device() const { return device_; }
    InodeTraits traits() const { return traits_; }
    /// Only asked with OwnAccess, and before the mode. An answer is final; without one the mode decides.
    /// Errors: Eacces, Esrch (the process that this is about has gone).
    virtual std::optional<Result<>> check_access(abi::AccessMode, const Credentials&) const {
        return std::nullopt;
    }
    InodeTimes times() { return *times_.lock(); }

    bool is_directory() const { return abi::is_directory(mode()); }
    bool is_regular() const { return abi::is_regular(mode()); }
    bool is_symlink() const { return abi::is_symlink(mode()); }

    void set_mode(u32 mode) { mode_.store(mode, std::memory_order_relaxed); }
    void set_owner(UserId uid, GroupId gid) {
        uid_.store(uid, std::memory_order_relaxed);
        gid_.store(gid, std::memory_order_relaxed);
    }
    void set_links(u32 links);
    // release: whoever sees the new size sees the pages that it covers
    void set_size(u64 size) { size_.store(size, std::memory_order_release); }
    void set_times(const InodeTimes& times) { *times_.lock() = times; }
    void note_modified();         ///< mtime and ctime are now.
    void note_changed();          ///< ctime is now.
    void note_accessed_always();  ///< atime is now.
    /// relatime: only if atime is not newer than mtime and ctime, or is a day old (mount(8)).
    void note_accessed_relative();

    /// May be called without locks. The default reports the fields above.
    virtual InodeAttributes attributes();

    // ---- Directories. `names` is this directory's; `child` is in this directory's part of the dentry cache.

    /// The inode that `child.name()` stands for, or null if there is none. Errors: Enomem, Eio.
    virtual Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child);
    /// Makes a node of any type under `child`, which is negative. Errors: Enospc, Enomem, Eperm (type not supported).
    virtual Result<Ref<Inode>> create(InodeNames& names, Dentry& child, const NewNode& node);
    /// A further name for `target`. Errors: Enospc, Enomem, Eperm, Emlink.
    virtual Result<> link(InodeNames& names, Dentry& child, Inode& target);
    /// unlink and rmdir, told apart by the child's type. `emptied` is the key of the child, if it is a directory.
    /// Errors: Enotempty, Eperm.
    virtual Result<> remove(InodeNames& names, Dentry& child, InodeNames* emptied);
    /// Errors: Enotempty, Emlink, Enospc, Enomem, Einval (flags that are not supported), Eperm.
    virtual Result<> rename(InodeNames& names, const Renaming& renaming);
    /// Feeds entries from `cookie` (FIRST_COOKIE or more) on until the sink is full. `directory` is this one's dentry.
    virtual Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink);
    /// A regular file without a name (O_TMPFILE): needs no lock, because no name changes.
    /// Errors: Eopnotsupp, Enospc, Enomem.
    virtual Result<Ref<Inode>> create_unnamed(const NewNode& node);

    // ---- Symbolic links.

    /// The text if it lies in memory for as long as the inode does: what the fast walk uses. Empty: call read_link.
    virtual std::string_view link_text() const { return {}; }
    /// Appends the text. Errors: Einval (not a link), Enomem, Eacces.
    virtual Result<> read_link(String& out);
    /// Where a MagicLink leads. Errors: Enoent, Eacces, Enxio.
    virtual Result<Path> follow(const Credentials& credentials);

    // ---- Regular files, and whatever the file system opens itself. Pipes and devices do not come here.

    /// Errors: those of open(2).
    virtual Result<Ref<File>> open(OpenRequest&& request);
    /// Errors: Einval (no such thing for this type), Efbig, Enomem, Enospc, Etxtbsy.
    virtual Result<> truncate(InodeContent& content, u64 size);

    /// What `store` holds becomes the content of this empty file, which nobody has mapped.
    /// Errors: Einval (not empty, or the file system cannot), Enomem.
    virtual Result<> back_with(InodeContent& content, Ref<BackingStore> store);

    // ---- Extended attributes, after all checks (vfs.hpp).

    /// What there is, or null.
    virtual const ExtendedAttributes* extended_attributes(InodeContent&) { return nullptr; }
    /// Errors: Eopnotsupp (the file system keeps none), Eexist, Enodata (the flags), Enospc, Enomem.
    virtual Result<> set_extended_attribute(InodeContent& content, std::string_view name,
                                            std::span<const u8> value, abi::XattrFlags flags);
    /// Errors: Eopnotsupp, Enodata.
    virtual Result<> remove_extended_attribute(InodeContent& content, std::string_view name);

    // ---- Access control lists.

    /// Whether there is a list of this kind: what a permission check asks before it takes a lock.
    bool has_access_list(AccessListKind kind) const {
        return (access_lists_.load(std::memory_order_relaxed) & 1U << std::to_underlying(kind)) != 0;
    }
    /// The list, or null.
    virtual Ref<AccessControlList> access_list(AccessListKind) const { return nullptr; }
    /// After all checks (vfs.hpp): null takes it away. Errors: Eopnotsupp, Enospc.
    virtual Result<> set_access_list(InodeContent& content, AccessListKind kind, Ref<AccessControlList> list);

    // ---- Changes that were checked and made: for file systems that store them.
    virtual Result<> attributes_changed(InodeContent&) { return {}; }

    using NamesLock = scheduler::Mutex<InodeNames, sync::LockRank::Directory>;
    using ContentLock = scheduler::Mutex<InodeContent, sync::LockRank::Inode>;
    NamesLock names_lock;
    ContentLock content_lock;

    /// Whether the key is this inode's, not another's.
    bool is_content_key(const InodeContent& content) { return &content == &content_lock.unsafe_value(); }
    bool is_key(const InodeNames& names) { return &names == &names_lock.unsafe_value(); }

    /// The advisory locks on this file, or null if there has never been one.
    // acquire: pairs with the release in make_locks
    FileLocks* locks() const { return locks_.load(std::memory_order_acquire); }
    /// Makes them if there are none. Errors: Enomem.
    Result<FileLocks*> make_locks();

    /// An O_TMPFILE inode, without a name, that link may give one.
    std::atomic<bool> may_be_linked_unnamed{false};

    /// There is a security.capability, which the next write takes away. It changes under content_lock.
    std::atomic<bool> has_file_capabilities{false};

    /// An executable being written, or a file being executed (ETXTBSY): writers count up, executions down.
    Result<> allow_write();
    void end_write();
    Result<> deny_write();
    void end_deny_write();

  protected:
    Inode(Ref<FileSystem> file_system, u64 number, const NewNode& node,
          InodeTraits traits = InodeTraits::None);
    void add_links(i32 delta);
    void note_access_list(AccessListKind kind, bool is_there) {
        const u8 bit = static_cast<u8>(1U << std::to_underlying(kind));
        if (is_there)
            access_lists_.fetch_or(bit, std::memory_order_relaxed);
        else
            access_lists_.fetch_and(static_cast<u8>(~bit), std::memory_order_relaxed);
    }

  private:
    void note_links(u32 before, u32 after);

    Ref<FileSystem> file_system_;
    u64 number_;
    std::atomic<u32> mode_;
    std::atomic<u32> uid_;
    std::atomic<u32> gid_;
    std::atomic<u32> links_{1};
    std::atomic<u64> size_{0};
    std::atomic<i32> writers_{0};
    std::atomic<u8> access_lists_{0};         ///< A bit for each AccessListKind.
    std::atomic<FileLocks*> locks_{nullptr};  ///< Holds a reference.
    abi::DeviceNumber device_;
    InodeTraits traits_;
    sync::SpinLocked<InodeTimes, sync::LockRank::SpinLeaf> times_;
};

}  // namespace exo::fs
