// File: an open file description, what open(2) makes and dup and fork share. Pipes, sockets, terminals and devices
// derive from it.
//
// The rights of who uses it were checked by the capability (security::verify); a File checks only what POSIX says of
// the object. Locking: the position has a sleeping lock of its own, held across a read or write that moves it.
#pragma once

#include <optional>

#include <atomic>

#include "fs/file/poll.hpp"
#include "fs/file/splice.hpp"
#include "fs/file/watch.hpp"
#include "fs/tree/path.hpp"
#include "security/rights.hpp"
#include "vm/io_buffer.hpp"
#include "vm/page_source.hpp"

namespace exo::fs {

using abi::OpenFlags;

/// /proc/sys/fs/file-max and file-nr: how many files may be open, and how many are. By default only memory bounds them.
inline constinit std::atomic<u64> max_open_files{static_cast<u64>(INT64_MAX)};
inline constinit std::atomic<u64> open_files{0};
/// Asked before a program opens another. Errors: Enfile, but never for CAP_SYS_ADMIN.
Result<> check_open_file_count(const Credentials& credentials);

/// What an inode opens.
struct OpenRequest {
    Path path;
    OpenFlags flags;
    const Credentials& credentials;
};

/// What a write needs to know of who writes.
struct WriteContext {
    const Credentials& credentials = KERNEL_CREDENTIALS;
    u64 size_limit = ~0ULL;  ///< RLIMIT_FSIZE; the caller sends SIGXFSZ on Efbig if it was below the offset.
};

/// What the position of a file is.
enum class SeekPolicy : u8 {
    None,        ///< There is none: lseek, pread and pwrite give ESPIPE.
    AlwaysZero,  ///< lseek does nothing and says 0 (Linux: noop_llseek); pread and pwrite give ESPIPE.
    Fixed,       ///< It stays where it is, 0; pread and pwrite work.
    Moving,      ///< Reads and writes move it; pread and pwrite work.
};

/// Which way sendfile may move bytes.
enum class SplicePolicy : u8 {
    GivesAndTakes,
    TakesOnly,  ///< Not from it (Linux: no splice_read).
    Refused,    ///< Neither from it nor to it (Linux: no splice_write either).
};

/// What a writev is.
enum class VectorPolicy : u8 {
    OneWrite,
    WriteEach,  ///< A write for each piece (Linux: a file with `write`, but no `write_iter`).
};

/// Kinds of files with system calls of their own, which ask for it.
enum class SpecialFile : u8 { None, Epoll, Timer, Signals, Process };

/// What a kind of files is like; it never changes.
struct FilePolicies {
    SeekPolicy seek = SeekPolicy::None;
    SplicePolicy splice = SplicePolicy::GivesAndTakes;
    VectorPolicy vectors = VectorPolicy::OneWrite;
    SpecialFile special = SpecialFile::None;
};

/// A command of fcntl(2) or a request of ioctl(2) that the file answers itself.
struct FileCommand {
    u32 code;
    u64 argument;  ///< As the program gave it: an address must be gone through with vm's user copies.

    template <class Enum> bool is(Enum command) const { return code == static_cast<u32>(command); }
    template <class Enum> Enum as() const { return static_cast<Enum>(code); }
};

class File : public Object {
  public:
    ~File() override;

    Inode& inode() const { return *inode_; }
    /// Empty for files without a place in the tree (pipes).
    const Path& path() const { return path_; }
    /// The path, or for a file without one a place made for this use, which nobody else sees and which has no name: what a
    /// descriptor stands for where a path is wanted (AT_EMPTY_PATH, /proc/PID/fd/N). Errors: Enomem.
    Result<Path> place();
    OpenFlags flags() const { return flags_.load(std::memory_order_relaxed); }
    bool is_nonblocking() const { return has(flags(), OpenFlags::Nonblock); }
    /// Opened with O_PATH.
    bool is_path_only() const { return has(flags(), OpenFlags::Path); }
    SeekPolicy seek_policy() const { return policies_.seek; }
    SplicePolicy splice_policy() const { return policies_.splice; }
    VectorPolicy vector_policy() const { return policies_.vectors; }
    bool is_special(SpecialFile kind) const { return policies_.special == kind; }
    /// pread and pwrite work.
    bool has_positions() const { return policies_.seek >= SeekPolicy::Fixed; }
    bool has_moving_position() const { return policies_.seek == SeekPolicy::Moving; }
    security::Rights rights() const { return security::rights_from_open_flags(flags()); }
    /// F_SETFL: replaces O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME and leaves the rest.
    /// Errors: Einval (O_DIRECT where the file cannot, O_ASYNC where it would mean something), Eperm (O_NOATIME of another's
    /// file).
    Result<> set_status_flags(OpenFlags flags, const Credentials& credentials);
    using Blocking = scheduler::Blocking;
    /// What O_NONBLOCK says.
    Blocking blocking() const { return is_nonblocking() ? Blocking::No : Blocking::Yes; }
    /// FIONBIO.
    void set_blocking(Blocking blocking);

    // ---- What system calls do.

    /// At the position, which moves. Errors: those of read(2).
    Result<usize> read(vm::OutBuffer& to);
    Result<usize> write(vm::InBuffer& from, const WriteContext& context = {});
    /// pread, pwrite. Errors: Espipe, Einval (the end would be no offset), and those of read and write.
    Result<usize> read_at(vm::OutBuffer& to, u64 offset);
    Result<usize> write_at(vm::InBuffer& from, u64 offset, const WriteContext& context = {});
    /// The access time, as the open flags and the mount's want it: for whoever takes bytes from page_source().
    void note_read() {
        if (has(flags(), OpenFlags::Noatime)) return;
        // LINUX: what lies in no place of the tree belongs to a mount of the kernel's own, which has no options at all.
        if (path_.mount)
            note_read_in_tree();
        else
            inode_->note_accessed_always();
    }
    /// Reads exactly these bytes, for the kernel itself (execve). Errors: Eio when the file ends before.
    Result<> read_exactly(std::span<u8> to, u64 offset);
    /// The new position. Errors: Espipe, Einval, Enxio (SEEK_DATA and SEEK_HOLE behind the end), Eoverflow.
    Result<u64> seek(i64 offset, abi::SeekWhence whence);
    /// SEEK_SET and SEEK_CUR on a regular file, without ever sleeping. Nothing if it is anything else, or refused.
    std::optional<u64> seek_at_once(i64 offset, abi::SeekWhence whence);
    /// Where it is now, while others may move it.
    u64 position() const { return position_.load(std::memory_order_relaxed); }
    void set_position(u64 position);
    /// fallocate. Errors: Einval (nothing), Espipe, Eisdir, Enodev, Efbig, Eopnotsupp, Enospc.
    Result<> allocate(abi::FallocateMode mode, u64 offset, u64 length, const WriteContext& context = {});
    /// getdents64: feeds entries from the position on. Errors: Enotdir, Enoent (the directory was removed).
    Result<> read_directory(DirectorySink sink);

    // ---- What kinds of files differ in. Offsets mean nothing to streams.

    virtual Result<usize> do_read(vm::OutBuffer& to, u64 offset);
    /// With O_APPEND `offset` is set to where the bytes went.
    virtual Result<usize> do_write(vm::InBuffer& from, u64& offset, const WriteContext& context);
    virtual Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence);
    virtual Result<u64> do_read_directory(u64 cookie, DirectorySink sink);
    /// Requests that only this kind of file knows. Errors: Enotty (none of its own), and those of the request.
    virtual Result<u64> ioctl(FileCommand request);
    /// Commands that only this kind of file knows (F_GETPIPE_SZ). Errors: Ebadf (none of its own), and those of the command.
    virtual Result<u64> fcntl(FileCommand command, const Credentials& credentials);
    /// Null: bytes of other files get in by `write`.
    virtual Splice* splice() { return nullptr; }
    /// FIONREAD: bytes that a read would return now; of a file those up to its end, negative behind it. Errors: Enotty.
    virtual Result<u64> readable_bytes();
    /// The events that hold now; where to wait for more goes into `table` if there is one.
    virtual PollEvents poll(PollTable* table);
    /// An epoll may watch it. LINUX: files without a poll operation are refused: regular files, directories, some devices.
    virtual bool can_be_watched() const;
    FileWatches& watches() { return watches_; }
    /// ftruncate. Errors: Einval (not a regular file), Efbig, Enospc, Eperm.
    virtual Result<> truncate(u64 size, const WriteContext& context = {});
    /// fallocate on a regular file, of a range that one may have. Errors: Eopnotsupp, Efbig (the limit), Enospc.
    virtual Result<> do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                                 const WriteContext& context = {});
    /// fsync and fdatasync. Errors: Einval (nothing to sync to), Eio.
    virtual Result<> sync();
    /// What mmap maps; null: anonymous memory, as for /dev/zero. Errors: Enodev.
    virtual Result<Ref<vm::PageSource>> page_source();
    /// It may be mapped shared for reading, but never again for writing (F_SEAL_FUTURE_WRITE).
    virtual bool refuses_new_writers() const { return false; }
    /// Whether O_ASYNC means something to it on Linux (fcntl(2)): signals for input and output are not there.
    virtual bool has_signals_for_input() const { return false; }
    /// Bytes that are given back when this file is closed. Takes no lock that sleeps: asked when memory is short.
    virtual u64 held_bytes() const { return 0; }
    /// Each close(2) of a descriptor calls it, not only the last. The result is close's.
    virtual Result<> on_close() { return {}; }
    /// What /proc/PID/fd/N reads as for a file without a path: "pipe:[17]". Errors: Enomem.
    virtual Result<> append_description(String& out);
    /// Lines that /proc/PID/fdinfo/N ends with, beside those that every file has. Errors: Enomem.
    virtual Result<> append_details(String&) { return {}; }

  protected:
    File(Path path, Ref<Inode> inode, OpenFlags flags, FilePolicies policies);
    File(OpenRequest&& request, FilePolicies policies);
    void destroy() override;

  private:
    [[gnu::noinline]] void note_read_in_tree();
    void move_to(u64 position) { position_.store(position, std::memory_order_relaxed); }
    Path path_;
    Ref<Inode> inode_;
    std::atomic<OpenFlags> flags_;
    FilePolicies policies_;
    bool counts_as_writer_ = false;
    /// Who moves the position holds the lock; who only tells it does not: a report may be of the very file that is read.
    struct Moving {};
    scheduler::Mutex<Moving, sync::LockRank::FilePosition> moving_;
    std::atomic<u64> position_ = 0;
    FileWatches watches_;
    friend Result<Ref<File>> open_inode(OpenRequest&& request);
};

}  // namespace exo::fs
