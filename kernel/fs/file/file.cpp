#include "fs/file/file.hpp"

#include "abi/linux/limits.hpp"
#include "fs/locks/file_locks.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

// Defined in this file, because the return type is complete here.
Result<Ref<File>> Inode::open(OpenRequest&&) { return Error::Enxio; }

namespace {

constinit std::atomic<void (*)(File&)> watch_releaser{nullptr};

/// Flags that affect only the open itself and that F_GETFL does not return (fcntl(2)).
constexpr OpenFlags CREATION_FLAGS =
    OpenFlags::Creat | OpenFlags::Excl | OpenFlags::Noctty | OpenFlags::Trunc | OpenFlags::Cloexec;
constexpr OpenFlags SETTABLE_FLAGS =
    OpenFlags::Append | OpenFlags::Nonblock | OpenFlags::Direct | OpenFlags::Noatime;

/// Checks that the range fits signed offsets. LINUX: rw_verify_area.
Result<> check_range(u64 offset, usize size) {
    const auto end = checked_add(offset, size);
    if (!end || static_cast<i64>(*end) < 0) return Error::Einval;
    return {};
}

}  // namespace

File::File(Path path, Ref<Inode> inode, OpenFlags flags, FilePolicies policies)
    : Object(ObjectKind::File),
      path_(std::move(path)),
      inode_(std::move(inode)),
      flags_(flags & ~CREATION_FLAGS),
      policies_(policies) {
    open_files.add(1);
}

File::File(OpenRequest&& request, FilePolicies policies)
    : File(std::move(request.path), nullptr, request.flags, policies) {
    inode_ = Ref<Inode>(path_.dentry->inode());
}

Result<> check_open_file_count(const Credentials& credentials) {
    const u64 most = max_open_files.load(std::memory_order_relaxed);
    if (most == ANY_NUMBER_OF_FILES) [[likely]]
        return {};
    const bool is_full = std::cmp_greater_equal(open_files.get(), most);
    return is_full && !credentials.may(Privilege::SysAdmin) ? Result<>(Error::Enfile) : Result<>();
}

void set_watch_releaser(void (*release)(File& file)) {
    watch_releaser.store(release, std::memory_order_relaxed);
}

void File::destroy() {
    // While the file is whole: its entries are in its wait queues.
    if (watches_.has_any()) [[unlikely]]
        watch_releaser.load(std::memory_order_relaxed)(*this);
    delete this;
}

File::~File() {
    open_files.add(-1);
    if (FileLocks* locks = inode_->locks()) [[unlikely]] {
        locks->clear_all({LockKind::OpenFile, this});
        locks->clear_all({LockKind::Flock, this});
    }
    if (!counts_as_writer_) return;
    inode_->end_write();
    path_.mount->end_write();
}

Result<> File::set_status_flags(OpenFlags flags, const Credentials& credentials) {
    const OpenFlags old = this->flags();
    // LINUX: in a pipe it makes packets, and a file that lies in memory has nothing to go past.
    if (has(flags & ~old, OpenFlags::Noatime) && !is_owner(*inode_, credentials)) return Error::Eperm;
    if (has(flags, OpenFlags::Direct) && !abi::is_fifo(inode_->mode())) return Error::Einval;
    // LINUX: where it means nothing, O_ASYNC stays as open(2) has set it.
    if (has(flags & ~old, OpenFlags::Async) && has_signals_for_input()) return Error::Einval;
    flags_.store((old & ~SETTABLE_FLAGS) | (flags & SETTABLE_FLAGS), std::memory_order_relaxed);
    return {};
}

void File::set_blocking(Blocking blocking) {
    const OpenFlags rest = flags() & ~OpenFlags::Nonblock;
    flags_.store(blocking == Blocking::Yes ? rest : rest | OpenFlags::Nonblock, std::memory_order_relaxed);
}

Result<Path> File::place() {
    if (path_) return path_;
    String description;
    TRY(append_description(description));
    Ref<Dentry> root = TRY(Dentry::create_root(inode_));
    Ref<Mount> mount =
        TRY(Mount::create_nameless({Ref<FileSystem>(&inode_->file_system()), root}, description.view()));
    return Path{std::move(mount), std::move(root)};
}

Result<usize> File::read(vm::OutBuffer& to) {
    if (!has_moving_position()) return do_read(to, 0);
    const auto moving = TRY(moving_.lock_killable());
    const u64 offset = position();
    TRY(check_range(offset, to.remaining()));
    const usize count = TRY(do_read(to, offset));
    move_to(offset + count);
    return count;
}

Result<usize> File::write(vm::InBuffer& from, const WriteContext& context) {
    u64 offset = 0;
    if (!has_moving_position()) return do_write(from, offset, context);
    const auto moving = TRY(moving_.lock_killable());
    offset = position();
    TRY(check_range(offset, from.remaining()));
    const usize count = TRY(do_write(from, offset, context));
    move_to(offset + count);
    return count;
}

Result<usize> File::read_at(vm::OutBuffer& to, u64 offset) {
    if (!has_positions()) return Error::Espipe;
    TRY(check_range(offset, to.remaining()));
    return do_read(to, offset);
}

Result<usize> File::write_at(vm::InBuffer& from, u64 offset, const WriteContext& context) {
    if (!has_positions()) return Error::Espipe;
    TRY(check_range(offset, from.remaining()));
    // LINUX: pwrite on an O_APPEND file appends whatever the offset (pwrite(2), "BUGS").
    return do_write(from, offset, context);
}

void File::note_read_in_tree() {
    if (!has(path_.mount->options(), MountOptions::NoAtime)) inode_->note_accessed_relative();
}

Result<> File::read_exactly(std::span<u8> to, u64 offset) {
    vm::OutBuffer buffer = vm::OutBuffer::from_kernel(to);
    while (buffer.remaining() != 0) {
        const usize count = TRY(do_read(buffer, offset));
        if (count == 0) return Error::Eio;
        offset += count;
    }
    return {};
}

Result<u64> File::seek(i64 offset, abi::SeekWhence whence) {
    if (policies_.seek == SeekPolicy::AlwaysZero) return 0ULL;
    if (!has_positions()) return Error::Espipe;
    const auto moving = TRY(moving_.lock_killable());
    const u64 place = TRY(do_seek(position(), offset, whence));
    move_to(place);
    return place;
}

std::optional<u64> File::seek_at_once(i64 offset, abi::SeekWhence whence) {
    if (!has_positions() || !abi::is_regular(inode_->mode())) return std::nullopt;
    const auto moving = moving_.try_lock();
    if (!moving) return std::nullopt;
    i64 start = 0;
    if (whence == abi::SeekWhence::Cur)
        start = static_cast<i64>(position());
    else if (whence != abi::SeekWhence::Set)
        return std::nullopt;
    i64 place;
    if (__builtin_add_overflow(start, offset, &place) || place < 0) return std::nullopt;
    // Where a file system's largest file ends is not looked at here; nowhere is it below this.
    if (place > INT32_MAX) [[unlikely]]
        return std::nullopt;
    move_to(static_cast<u64>(place));
    return static_cast<u64>(place);
}

void File::set_position(u64 position) {
    const auto moving = moving_.lock();
    move_to(position);
}

Result<> File::read_directory(DirectorySink sink) {
    if (!inode_->is_directory()) return Error::Enotdir;
    const auto moving = TRY(moving_.lock_killable());
    move_to(TRY(do_read_directory(position(), sink)));
    return {};
}

Result<> File::allocate(abi::FallocateMode mode, u64 offset, u64 length, const WriteContext& context) {
    if (length == 0) return Error::Einval;
    if (abi::is_fifo(inode_->mode())) return Error::Espipe;
    if (inode_->is_directory()) return Error::Eisdir;
    if (!inode_->is_regular()) return Error::Enodev;
    // Before the file system is asked whether it knows the mode.
    const auto end = checked_add(offset, length);
    if (!end || *end > inode_->file_system().max_file_size()) return Error::Efbig;
    return do_allocate(mode, offset, length, context);
}

// ---- Defaults

Result<usize> File::do_read(vm::OutBuffer&, u64) { return Error::Einval; }

Result<usize> File::do_write(vm::InBuffer&, u64&, const WriteContext&) { return Error::Einval; }

Result<u64> File::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    i64 base = 0;
    switch (whence) {
        case abi::SeekWhence::Set: break;
        case abi::SeekWhence::Cur: base = static_cast<i64>(position); break;
        case abi::SeekWhence::End: base = static_cast<i64>(inode_->size()); break;
        // Without knowledge of holes all is data, and the only hole is at the end (lseek(2)).
        case abi::SeekWhence::Data:
        case abi::SeekWhence::Hole: {
            if (offset < 0 || static_cast<u64>(offset) >= inode_->size()) return Error::Enxio;
            return whence == abi::SeekWhence::Data ? static_cast<u64>(offset) : inode_->size();
        }
        default: return Error::Einval;
    }
    const auto sum = checked_add(base, offset);
    // LINUX: a sum that overflows is EOVERFLOW only in name; vfs_setpos says EINVAL.
    if (!sum || *sum < 0) return Error::Einval;
    return static_cast<u64>(*sum);
}

Result<u64> File::do_read_directory(u64, DirectorySink) { return Error::Enotdir; }

Result<u64> File::ioctl(FileCommand) { return Error::Enotty; }

Result<u64> File::fcntl(FileCommand, const Credentials&) { return Error::Ebadf; }

Result<u64> File::readable_bytes() { return Error::Enotty; }

PollEvents File::poll(PollTable*) {
    return PollEvents::In | PollEvents::Out | PollEvents::Rdnorm | PollEvents::Wrnorm;
}

bool File::can_be_watched() const {
    return !abi::is_regular(inode_->mode()) && !abi::is_directory(inode_->mode());
}

Result<> File::truncate(u64, const WriteContext&) { return Error::Einval; }

Result<> File::do_allocate(abi::FallocateMode, u64, u64, const WriteContext&) { return Error::Eopnotsupp; }

Result<> File::sync() { return Error::Einval; }

Result<Ref<vm::PageSource>> File::page_source() { return Error::Enodev; }

Result<> File::append_description(String& out) { return out.append("anon_inode:[unknown]"); }

}  // namespace exo::fs
