// File: an open file description. open(2) makes it; dup and fork share it. Pipes, sockets, terminals and
// devices derive from it.
//
// The capability has checked the caller's rights before (security::verify); a File checks only what POSIX
// requires of the object. Locking: a sleeping lock guards the position and is held across each read or write
// that moves it.
#pragma once

#include <optional>

#include <atomic>

#include "fs/file/poll.hpp"
#include "fs/file/splice.hpp"
#include "fs/file/watch.hpp"
#include "fs/tree/path.hpp"
#include "security/rights.hpp"
#include "sync/cpu_sum.hpp"
#include "vm/io_buffer.hpp"
#include "vm/page_source.hpp"

namespace exo::fs {

using abi::OpenFlags;

/// /proc/sys/fs/file-max: the largest number of open files. By default only memory limits it.
inline constexpr u64 ANY_NUMBER_OF_FILES = INT64_MAX;
inline constinit std::atomic<u64> max_open_files{ANY_NUMBER_OF_FILES};
inline constinit sync::CpuSum open_files;
/// Checks file-max before a program opens another file. Errors: Enfile, but never for CAP_SYS_ADMIN.
Result<> check_open_file_count(const Credentials& credentials);

/// The arguments of opening an inode.
struct OpenRequest {
    Path path;
    OpenFlags flags;
    const Credentials& credentials;
};

/// Properties of the writing task that a write depends on.
/// Where a write begins.
enum class WritePlace : u8 {
    Given,
    End,  ///< At the end of a regular file, whatever the offset (RWF_APPEND; O_APPEND means it for all writes).
};

struct WriteContext {
    const Credentials& credentials = KERNEL_CREDENTIALS;
    u64 size_limit = ~0ULL;  ///< RLIMIT_FSIZE; the caller sends SIGXFSZ on Efbig if it was below the offset.
    WritePlace place = WritePlace::Given;
};

/// Whether a file has a position, and what moves it.
enum class SeekPolicy : u8 {
    None,        ///< No position: lseek, pread and pwrite give ESPIPE.
    AlwaysZero,  ///< lseek does nothing and returns 0 (Linux: noop_llseek); pread and pwrite give ESPIPE.
    Fixed,       ///< The position is always 0; pread and pwrite work.
    Moving,      ///< Reads and writes move it; pread and pwrite work.
};

/// In which direction sendfile may move bytes of a file.
enum class SplicePolicy : u8 {
    GivesAndTakes,
    TakesOnly,  ///< Only into the file (Linux: no splice_read).
    Refused,    ///< Neither out of the file nor into it (Linux: no splice_write either).
};

/// How a writev is carried out.
enum class VectorPolicy : u8 {
    OneWrite,
    WriteEach,  ///< One write per piece (Linux: a file with `write`, but no `write_iter`).
};

/// Whether RWF_NOWAIT is accepted (Linux: FMODE_NOWAIT): where no read or write waits for anything.
enum class NowaitPolicy : u8 { Refused, Accepted };

/// Kinds of files with system calls of their own. These calls check the kind of the file that they get.
enum class SpecialFile : u8 { None, Epoll, Timer, Signals, Process };

/// The constant properties of a kind of files.
struct FilePolicies {
    SeekPolicy seek = SeekPolicy::None;
    SplicePolicy splice = SplicePolicy::GivesAndTakes;
    VectorPolicy vectors = VectorPolicy::OneWrite;
    SpecialFile special = SpecialFile::None;
    NowaitPolicy nowait = NowaitPolicy::Refused;
};

/// A command of fcntl(2) or a request of ioctl(2) that the file itself handles.
struct FileCommand {
    u32 code;
    u64 argument;  ///< As the program passed it. If it is an address, use vm's user copies.

    template <class Enum> bool is(Enum command) const { return code == static_cast<u32>(command); }
    template <class Enum> Enum as() const { return static_cast<Enum>(code); }
};

class File : public Object {
  public:
    ~File() override;

    Inode& inode() const { return *inode_; }
    /// The path that was opened. Empty for files without a place in the tree (pipes).
    const Path& path() const { return path_; }
    /// The path, for uses of a descriptor as a path (AT_EMPTY_PATH, /proc/PID/fd/N). For a file without a
    /// path: a new, nameless place that only the caller sees. Errors: Enomem.
    Result<Path> place();
    OpenFlags flags() const { return flags_.load(std::memory_order_relaxed); }
    bool is_nonblocking() const { return has(flags(), OpenFlags::Nonblock); }
    /// Whether it was opened with O_PATH.
    bool is_path_only() const { return has(flags(), OpenFlags::Path); }
    SeekPolicy seek_policy() const { return policies_.seek; }
    SplicePolicy splice_policy() const { return policies_.splice; }
    VectorPolicy vector_policy() const { return policies_.vectors; }
    NowaitPolicy nowait_policy() const { return policies_.nowait; }
    bool is_special(SpecialFile kind) const { return policies_.special == kind; }
    /// Whether pread and pwrite work.
    bool has_positions() const { return policies_.seek >= SeekPolicy::Fixed; }
    bool has_moving_position() const { return policies_.seek == SeekPolicy::Moving; }
    security::Rights rights() const { return security::rights_from_open_flags(flags()); }
    /// F_SETFL: replaces O_APPEND, O_NONBLOCK, O_DIRECT and O_NOATIME and leaves the other flags.
    /// Errors: Einval (O_DIRECT that the file does not support, O_ASYNC where Linux would send signals),
    /// Eperm (O_NOATIME on a file of another user).
    Result<> set_status_flags(OpenFlags flags, const Credentials& credentials);
    using Blocking = scheduler::Blocking;
    /// Whether calls may block, as O_NONBLOCK says.
    Blocking blocking() const { return is_nonblocking() ? Blocking::No : Blocking::Yes; }
    /// FIONBIO: sets or clears O_NONBLOCK.
    void set_blocking(Blocking blocking);

    // ---- The operations that system calls use.

    /// Reads at the position and moves it. Errors: those of read(2).
    Result<usize> read(vm::OutBuffer& to);
    Result<usize> write(vm::InBuffer& from, const WriteContext& context = {});
    /// pread and pwrite. Errors: Espipe, Einval (the end of the range is not a valid offset), and those of
    /// read and write.
    Result<usize> read_at(vm::OutBuffer& to, u64 offset);
    Result<usize> write_at(vm::InBuffer& from, u64 offset, const WriteContext& context = {});
    /// Updates the access time as the open flags and the mount's options demand. For callers that read
    /// through page_source().
    void note_read() {
        if (has(flags(), OpenFlags::Noatime)) return;
        // LINUX: a file without a place in the tree belongs to a mount of the kernel's own, which has no
        // options.
        if (path_.mount)
            note_read_in_tree();
        else
            inode_->note_accessed_always();
    }
    /// Reads exactly these bytes, for the kernel itself (execve). Errors: Eio when the file ends before.
    Result<> read_exactly(std::span<u8> to, u64 offset);
    /// lseek: returns the new position. Errors: Espipe, Einval, Enxio (SEEK_DATA and SEEK_HOLE behind the
    /// end), Eoverflow.
    Result<u64> seek(i64 offset, abi::SeekWhence whence);
    /// lseek for SEEK_SET and SEEK_CUR on a regular file. Never sleeps. Returns nothing for other cases and
    /// for errors; the caller then uses `seek`.
    std::optional<u64> seek_at_once(i64 offset, abi::SeekWhence whence);
    /// The current position. Other threads may be moving it.
    u64 position() const { return position_.load(std::memory_order_relaxed); }
    void set_position(u64 position);
    /// fallocate. Errors: Einval (an empty range), Espipe, Eisdir, Enodev, Efbig, Eopnotsupp, Enospc.
    Result<> allocate(abi::FallocateMode mode, u64 offset, u64 length, const WriteContext& context = {});
    /// getdents64: passes the entries from the position on to `sink`. Errors: Enotdir, Enoent (the directory
    /// was removed).
    Result<> read_directory(DirectorySink sink);

    // ---- The operations that each kind of file implements. Streams ignore offsets.

    virtual Result<usize> do_read(vm::OutBuffer& to, u64 offset);
    /// Writes at `offset`. With O_APPEND, and for WritePlace::End, it sets `offset` to the place at which it wrote.
    virtual Result<usize> do_write(vm::InBuffer& from, u64& offset, const WriteContext& context);
    virtual Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence);
    virtual Result<u64> do_read_directory(u64 cookie, DirectorySink sink);
    /// Handles ioctl requests of this kind of file. Errors: Enotty (unknown request), and those of the
    /// request.
    virtual Result<u64> ioctl(FileCommand request);
    /// Handles fcntl commands of this kind of file (F_GETPIPE_SZ). Errors: Ebadf (unknown command), and those
    /// of the command.
    virtual Result<u64> fcntl(FileCommand command, const Credentials& credentials);
    /// The file's Splice interface. Null: sendfile and splice write into the file with `write`.
    virtual Splice* splice() { return nullptr; }
    /// FIONREAD: the number of bytes that a read would return now. For a regular file: up to its end, and
    /// negative behind it. Errors: Enotty.
    virtual Result<u64> readable_bytes();
    /// Returns the events that are ready now. If `table` is not null, adds the wait queues for later events
    /// to it.
    virtual PollEvents poll(PollTable* table);
    /// Whether an epoll may watch it. LINUX: files without a poll operation may not be watched: regular
    /// files, directories, some devices.
    virtual bool can_be_watched() const;
    FileWatches& watches() { return watches_; }
    /// ftruncate. Errors: Einval (not a regular file), Efbig, Enospc, Eperm.
    virtual Result<> truncate(u64 size, const WriteContext& context = {});
    /// fallocate on a regular file, with a valid range. Errors: Eopnotsupp, Efbig (the limit), Enospc.
    virtual Result<> do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                                 const WriteContext& context = {});
    /// fsync and fdatasync. Errors: Einval (the kind of file has no storage), Eio.
    virtual Result<> sync();
    /// The object that mmap maps; null: anonymous memory, as for /dev/zero. Errors: Enodev.
    virtual Result<Ref<vm::PageSource>> page_source();
    /// Whether shared writable mappings are refused for ever (F_SEAL_FUTURE_WRITE).
    virtual bool refuses_new_writers() const { return false; }
    /// Whether Linux would send signals for this file after O_ASYNC (fcntl(2)). This kernel has no such
    /// signals.
    virtual bool has_signals_for_input() const { return false; }
    /// How many bytes closing this file frees. Takes no sleeping lock, because it is called when memory is
    /// short.
    virtual u64 held_bytes() const { return 0; }
    /// Called by each close(2) of a descriptor, not only the last. Its result is the result of close.
    virtual Result<> on_close() { return {}; }
    /// Appends the text of the link /proc/PID/fd/N for a file without a path: "pipe:[17]". Errors: Enomem.
    virtual Result<> append_description(String& out);
    /// Appends the lines of /proc/PID/fdinfo/N that only this kind of file has. Errors: Enomem.
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
    /// Threads that move the position hold this lock. Threads that only report the position do not, because
    /// the report may go through the file that is being read.
    struct Moving {};
    scheduler::Mutex<Moving, sync::LockRank::FilePosition> moving_;
    std::atomic<u64> position_ = 0;
    FileWatches watches_;
    friend Result<Ref<File>> open_inode(OpenRequest&& request);
};

}  // namespace exo::fs
