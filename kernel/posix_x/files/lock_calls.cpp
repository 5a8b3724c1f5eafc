#include "posix_x/files/lock_calls.hpp"

#include "fs/locks/file_locks.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::FlockOperation;
using abi::LockType;
using fs::LockKind;
using fs::LockMode;
using fs::LockRange;
using fs::LockRequest;
using Blocking = fs::FileLocks::Blocking;

constexpr i64 LAST_OFFSET = INT64_MAX;

/// LINUX: flock64_to_posix_lock. Errors: Einval (`l_whence`; it begins before the file), Eoverflow (it ends behind the last offset).
Result<LockRange> range_of(const fs::File& file, const abi::flock& lock) {
    i64 base = 0;
    switch (static_cast<abi::SeekWhence>(lock.l_whence)) {
        case abi::SeekWhence::Set: break;
        case abi::SeekWhence::Cur: base = static_cast<i64>(file.position()); break;
        case abi::SeekWhence::End: base = static_cast<i64>(file.inode().size()); break;
        default: return Error::Einval;
    }
    if (lock.l_start > LAST_OFFSET - base) return Error::Eoverflow;
    const i64 start = base + lock.l_start;
    if (start < 0) return Error::Einval;
    const auto first = static_cast<u64>(start);
    if (lock.l_len == 0) return LockRange{first, LockRange::END};
    if (lock.l_len > 0) {
        if (lock.l_len - 1 > LAST_OFFSET - start) return Error::Eoverflow;
        return LockRange{first, first + static_cast<u64>(lock.l_len) - 1};
    }
    // The bytes before the start (POSIX-2001).
    if (start + lock.l_len < 0) return Error::Einval;
    return LockRange{static_cast<u64>(start + lock.l_len), first - 1};
}

bool is_known(i16 type) {
    return type == static_cast<i16>(LockType::Rdlck) || type == static_cast<i16>(LockType::Wrlck) ||
           type == static_cast<i16>(LockType::Unlck);
}

fs::LockOwner owner_of(LockKind kind, const fs::File& file) {
    if (kind != LockKind::Posix) return {kind, &file};
    return {kind, current_task().files().table().get()};
}

LockRequest request_of(LockKind kind, const fs::File& file, LockMode mode, const LockRange& range) {
    Task& task = current_task();
    return {.owner = owner_of(kind, file),
            .mode = mode,
            .range = range,
            .origin = {&file, task.process->pid()},
            .payer = task.credentials().payer};
}

/// LINUX: fcntl_getlk. Errors: Ebadf, Efault, Einval, Eoverflow.
Result<> get_lock(Descriptor fd, vm::UserInOut<abi::flock> place, LockKind kind) {
    const FileUse file = TRY(use_file(fd, Rights::Lock));
    abi::flock lock = TRY(place.read());
    const bool is_lock = is_known(lock.l_type) && lock.l_type != static_cast<i16>(LockType::Unlck);
    if (!is_lock) return Error::Einval;
    const LockRange range = TRY(range_of(*file, lock));
    if (kind == LockKind::OpenFile && lock.l_pid != 0) return Error::Einval;
    const auto mode =
        lock.l_type == static_cast<i16>(LockType::Wrlck) ? LockMode::Exclusive : LockMode::Shared;
    std::optional<fs::FileLocks::Found> found;
    if (fs::FileLocks* locks = file->inode().locks())
        found = locks->find_conflict(request_of(kind, *file, mode, range));
    if (!found) {
        lock.l_type = static_cast<i16>(LockType::Unlck);
        return place.write(lock);
    }
    lock.l_type = static_cast<i16>(found->mode == LockMode::Exclusive ? LockType::Wrlck : LockType::Rdlck);
    lock.l_whence = static_cast<i16>(abi::SeekWhence::Set);
    lock.l_start = static_cast<i64>(found->range.first);
    lock.l_len = found->range.last == LockRange::END
                     ? 0
                     : static_cast<i64>(found->range.last - found->range.first + 1);
    lock.l_pid = found->kind == LockKind::OpenFile ? -1 : found->pid;
    return place.write(lock);
}

/// Whether another thread has closed the descriptor meanwhile. Then the close has missed the new lock.
bool was_closed(Descriptor fd, const fs::File& file) {
    const Result<security::Capability> now = current_task().files()->copy(static_cast<u32>(fd.value));
    return !now || now->object.get() != &file;
}

/// LINUX: fcntl_setlk. Errors: Ebadf, Efault, Einval, Eoverflow, Eagain, Edeadlk, Enolck, Enomem, RestartSys.
Result<> set_lock(Descriptor fd, vm::UserIn<abi::flock> place, LockKind kind, Blocking blocking) {
    const FileUse file = TRY(use_file(fd, Rights::Lock));
    const abi::flock lock = TRY(place.read());
    const LockRange range = TRY(range_of(*file, lock));
    if (!is_known(lock.l_type)) return Error::Einval;
    const auto type = static_cast<LockType>(lock.l_type);
    if (type != LockType::Unlck &&
        !has(file->rights(), type == LockType::Wrlck ? Rights::Write : Rights::Read))
        return Error::Ebadf;
    if (kind == LockKind::OpenFile && lock.l_pid != 0) return Error::Einval;

    fs::Inode& inode = file->inode();
    if (type == LockType::Unlck) {
        fs::FileLocks* locks = inode.locks();
        return locks != nullptr ? locks->clear(owner_of(kind, *file), range) : Result<>{};
    }
    fs::FileLocks* locks = TRY(inode.make_locks());
    const LockRequest request =
        request_of(kind, *file, type == LockType::Wrlck ? LockMode::Exclusive : LockMode::Shared, range);
    TRY(locks->set(request, blocking));
    if (kind != LockKind::Posix || current_task().files().is_only_user() || !was_closed(fd, *file)) return {};
    (void)locks->clear(request.owner, range);
    return Error::Ebadf;
}

}  // namespace

Result<> get_record_lock(Descriptor fd, vm::UserInOut<abi::flock> lock) {
    return get_lock(fd, lock, LockKind::Posix);
}
Result<> set_record_lock(Descriptor fd, vm::UserIn<abi::flock> lock) {
    return set_lock(fd, lock, LockKind::Posix, Blocking::No);
}
Result<> set_record_lock_wait(Descriptor fd, vm::UserIn<abi::flock> lock) {
    return set_lock(fd, lock, LockKind::Posix, Blocking::Yes);
}
Result<> get_open_file_lock(Descriptor fd, vm::UserInOut<abi::flock> lock) {
    return get_lock(fd, lock, LockKind::OpenFile);
}
Result<> set_open_file_lock(Descriptor fd, vm::UserIn<abi::flock> lock) {
    return set_lock(fd, lock, LockKind::OpenFile, Blocking::No);
}
Result<> set_open_file_lock_wait(Descriptor fd, vm::UserIn<abi::flock> lock) {
    return set_lock(fd, lock, LockKind::OpenFile, Blocking::Yes);
}

/// LINUX: the operation is checked before the descriptor. A bit of LOCK_MAND makes the call succeed without
/// effect since 5.17.
Result<> sys_flock(Context&, Descriptor fd, FlockOperation operation) {
    if (has(operation, FlockOperation::Mandatory)) return {};
    const FlockOperation what = operation & ~FlockOperation::Nonblock;
    if (what != FlockOperation::Shared && what != FlockOperation::Exclusive && what != FlockOperation::Unlock)
        return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Lock));
    fs::Inode& inode = file->inode();
    const fs::LockOwner owner = owner_of(LockKind::Flock, *file);
    if (what == FlockOperation::Unlock) {
        fs::FileLocks* locks = inode.locks();
        return locks != nullptr ? locks->clear(owner, LockRange{}) : Result<>{};
    }
    if (!has(file->rights(), Rights::Read | Rights::Write)) return Error::Ebadf;
    fs::FileLocks* locks = TRY(inode.make_locks());
    const auto mode = what == FlockOperation::Exclusive ? LockMode::Exclusive : LockMode::Shared;
    const auto blocking = has(operation, FlockOperation::Nonblock) ? Blocking::No : Blocking::Yes;
    return locks->set(request_of(LockKind::Flock, *file, mode, LockRange{}), blocking);
}

}  // namespace exo::posix_x
