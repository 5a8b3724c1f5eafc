// FileSystem: one file system instance (a superblock). FileSystemType: a kind of file system, which mount(2)
// makes instances of.
#pragma once

#include <atomic>

#include "abi/linux/mount.hpp"
#include "abi/linux/statfs.hpp"
#include "fs/node/inode.hpp"
#include "fs/node/writer_gate.hpp"

namespace exo::fs {

class Dentry;
class Inode;
class FileSystem;

/// A file system instance and its root directory.
struct MountableTree {
    Ref<FileSystem> file_system;
    Ref<Dentry> root;
};

struct FileSystemType {
    std::string_view name;
    enum class Backing : u8 { None, BlockDevice } backing = Backing::None;  ///< "nodev" in /proc/filesystems.
    /// Makes an instance. `options` are the data argument of mount(2), comma-separated. Errors: Einval (an
    /// option), Enomem, Enodev.
    Result<MountableTree> (*mount)(std::string_view source, std::string_view options);
    ListNode link{};
};

/// Registers a type. It must live for ever. Callable only during boot.
void register_file_system(FileSystemType& type);
FileSystemType* find_file_system(std::string_view name);
void for_each_file_system(FunctionRef<void(const FileSystemType&)> visit);

class FileSystem : public Object {
  public:
    std::string_view type_name() const { return type_name_; }
    /// st_dev of its inodes; an anonymous device (major 0) unless it has a block device.
    abi::DeviceNumber device() const { return device_; }
    /// st_blksize of its inodes.
    u32 block_size() const { return block_size_; }
    /// The largest file size in bytes (Linux: s_maxbytes).
    virtual u64 max_file_size() const { return std::numeric_limits<i64>::max(); }
    u64 next_inode_number() { return next_inode_number_.fetch_add(1, std::memory_order_relaxed); }
    bool is_read_only() const { return writers_.is_closed(); }
    /// Changes the instance to read-only. Errors: Ebusy (a file is open for writing, or a file without a name
    /// is in use and will have to be deleted).
    Result<> make_read_only();
    void make_writable() { writers_.open(); }
    /// Counts inodes without a name: +1 when an inode loses its last name, -1 when it gets one again or is
    /// destroyed.
    void note_nameless(i32 delta) { nameless_.fetch_add(static_cast<u32>(delta), std::memory_order_relaxed); }

    /// Fills f_type, sizes and counts; the mount adds its flags. Errors: Eio.
    virtual Result<> statistics(abi::statfs& out) = 0;
    /// The result of a lookup of a name that does not exist, in a generated directory: null if a program may
    /// create the name, else Enoent.
    virtual Result<Ref<Inode>> missing() const;
    /// Appends ",key=value" for each option, as /proc/mounts shows them. Errors: Enomem.
    virtual Result<> append_options(String& out) {
        (void)out;
        return {};
    }
    /// Changes the options of the instance. Errors: Einval.
    virtual Result<> remount(std::string_view options) {
        (void)options;
        return {};
    }
    /// syncfs: writes all data back that only memory holds. Errors: the stores'; RestartSys.
    virtual Result<> sync() { return {}; }
    /// Whether trusted and security attributes can be set (xattr(7)).
    virtual bool keeps_extended_attributes() const { return false; }
    /// Whether inodes can have access control lists (acl(5)).
    virtual bool keeps_access_lists() const { return false; }
    /// Whether statx reports the birth time and the attributes immutable, append-only and nodump.
    virtual bool knows_birth_and_flags() const { return false; }

  protected:
    explicit FileSystem(std::string_view type_name, u32 block_size = PAGE_SIZE);
    /// Called when the last mount is gone and no path refers to the instance. Drops the dentries, which hold
    /// references to each other.
    virtual void last_mount_gone(Dentry& root);

  private:
    friend class Mount;
    std::string_view type_name_;
    abi::DeviceNumber device_;
    u32 block_size_;
    std::atomic<u64> next_inode_number_{1};
    WriterGate writers_;
    std::atomic<u32> nameless_{0};
    std::atomic<u32> mounts_{0};
};

}  // namespace exo::fs
