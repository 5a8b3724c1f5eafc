// File: an open file description, what open(2) makes and dup and fork share. Pipes, sockets, terminals and devices
// derive from it.
//
// The rights of who uses it were checked by the capability (security::verify); a File checks only what POSIX says of
// the object. Locking: the position has a sleeping lock of its own, held across a read or write that moves it.
#pragma once

#include <optional>

#include <atomic>

#include "fs/file/poll.hpp"
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
    bool is_splice = false;  ///< Of whole pages, by sendfile. LINUX: a pipe takes them without a new time.
};

enum class FileTraits : u8 {
    None = 0,
    Seekable = 1,         ///< Has a position; pread and pwrite work.
    PathOnly = 2,         ///< O_PATH
    Stream = 4,           ///< lseek gives ESPIPE without further ado.
    GivesNoPages = 16,    ///< sendfile cannot take from it (Linux: no splice_read),
    TakesNoPages = 64,    ///< and cannot give to it (no splice_write).
    FixedPosition = 128,  ///< Its position stays where it is, 0.
    TakesSegments =
        32,        ///< writev is a write for each piece (Linux: a file with `write`, but no `write_iter`).
    NoopSeek = 8,  ///< lseek does nothing and says 0 (Linux: noop_llseek); pread and pwrite give ESPIPE.
};
EXO_FLAGS(FileTraits);

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
    bool has_trait(FileTraits trait) const { return has(traits_, trait); }
    bool has_moving_position() const {
        return (traits_ & (FileTraits::Seekable | FileTraits::FixedPosition)) == FileTraits::Seekable;
    }
    security::Rights rights() const { return security::rights_from_open_flags(flags()); }
    /// F_SETFL: replaces O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME and leaves the rest.
    /// Errors: Einval (O_DIRECT where the file cannot, O_ASYNC where it would mean something), Eperm (O_NOATIME of another's
    /// file).
    Result<> set_status_flags(OpenFlags flags, const Credentials& credentials);
    /// FIONBIO.
    enum class Blocking : u8 { Yes, No };
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
    /// `argument` is as the program gave it: an address must be gone through with vm's user copies. Errors: Enotty.
    virtual Result<u64> ioctl(u32 request, u64 argument);
    /// FIONREAD: bytes that a read would return now; of a file those up to its end, negative behind it. Errors: Enotty.
    virtual Result<u64> readable_bytes();
    /// The events that hold now; where to wait for more goes into `table` if there is one.
    virtual PollEvents poll(PollTable* table);
    /// ftruncate. Errors: Einval (not a regular file), Efbig, Enospc, Eperm.
    virtual Result<> truncate(u64 size, const WriteContext& context = {});
    /// fallocate on a regular file, of a range that one may have. Errors: Eopnotsupp, Efbig (the limit), Enospc.
    virtual Result<> do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                                 const WriteContext& context = {});
    /// fsync and fdatasync. Errors: Einval (nothing to sync to), Eio.
    virtual Result<> sync();
    /// What mmap maps; null: anonymous memory, as for /dev/zero. Errors: Enodev.
    virtual Result<Ref<vm::PageSource>> page_source();
    /// F_GETPIPE_SZ, F_SETPIPE_SZ. Errors: Ebadf (no pipe), Einval, Eperm, Ebusy, Enomem.
    virtual Result<u32> pipe_capacity();
    /// Until a page would fit in. Errors: Ebadf (no pipe), Epipe, Eagain (it is full, and this one must not wait), RestartSys.
    virtual Result<> wait_for_pipe_room(Blocking blocking);
    virtual Result<u32> set_pipe_capacity(u32 bytes, const Credentials& credentials);
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
    File(Path path, Ref<Inode> inode, OpenFlags flags, FileTraits traits);
    File(OpenRequest&& request, FileTraits traits);

  private:
    [[gnu::noinline]] void note_read_in_tree();
    void move_to(u64 position) { position_.store(position, std::memory_order_relaxed); }
    Path path_;
    Ref<Inode> inode_;
    std::atomic<OpenFlags> flags_;
    FileTraits traits_;
    bool counts_as_writer_ = false;
    /// Who moves the position holds the lock; who only tells it does not: a report may be of the very file that is read.
    struct Moving {};
    scheduler::Mutex<Moving, sync::LockRank::FilePosition> moving_;
    std::atomic<u64> position_ = 0;
    friend Result<Ref<File>> open_inode(OpenRequest&& request);
};

}  // namespace exo::fs
