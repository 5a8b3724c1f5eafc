// flock(2), and the record locks of fcntl(2), which control_calls.cpp dispatches to here.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> get_record_lock(Descriptor fd, vm::UserInOut<abi::flock> lock);
Result<> set_record_lock(Descriptor fd, vm::UserIn<abi::flock> lock);
Result<> set_record_lock_wait(Descriptor fd, vm::UserIn<abi::flock> lock);
Result<> get_open_file_lock(Descriptor fd, vm::UserInOut<abi::flock> lock);
Result<> set_open_file_lock(Descriptor fd, vm::UserIn<abi::flock> lock);
Result<> set_open_file_lock_wait(Descriptor fd, vm::UserIn<abi::flock> lock);

Result<> sys_flock(Context&, Descriptor fd, abi::FlockOperation operation);

inline constexpr syscall::Family LOCK_FAMILY{"lock_calls", "kernel/posix_x/files/lock_calls.cpp"};
inline constexpr syscall::Call LOCK_CALLS[] = {
    call<sys_flock>(73, "flock", LOCK_FAMILY),
};

}  // namespace exo::posix_x
