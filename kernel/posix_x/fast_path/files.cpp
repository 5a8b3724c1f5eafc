#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/syscalls/support.hpp"
#include "syscall/syscall.hpp"

namespace exo::posix_x {

namespace {

/// Only for the one user of a table: then looking up takes no reference, whose release could be the last.
u64 fast_lseek(u64 fd, u64 offset, u64 whence, u64, u64, u64) {
    Task& task = current_task();
    if (!task.files.is_only_user()) return DECLINED;
    const Result<FileUse> file = use_file(Descriptor(fd), Rights::Seek);
    if (!file) return DECLINED;
    const std::optional<u64> position =
        (*file)->seek_at_once(static_cast<i64>(offset), static_cast<abi::SeekWhence>(whence));
    return position.value_or(DECLINED);
}

}  // namespace

Result<> register_fast_file_calls() { return syscall::register_fast_path(8, &fast_lseek); }

}  // namespace exo::posix_x
