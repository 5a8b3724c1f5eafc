// The short routes (arch/x86_64/entry.S, exo_syscall_entry): interrupts are off, nothing sleeps, allocates or logs, and a
// page that is not there is not faulted in. Whatever is unusual is declined before any effect, and the full path does it.
#pragma once

#include "arch/interface.hpp"
#include "memory/layout.hpp"
#include "utils/result.hpp"

namespace exo::posix_x {

inline constexpr u64 DECLINED = arch::FAST_PATH_DECLINED;

/// Copies of whole values that lie within a page, so that they are made whole or not at all. False: not made.
template <class T> bool fast_read(u64 address, T& value) {
    return memory::is_user_range(address, sizeof(T)) && arch::copy_from_user(&value, address, sizeof(T)) == 0;
}
template <class T> bool fast_write(u64 address, const T& value) {
    return memory::is_user_range(address, sizeof(T)) && address % PAGE_SIZE <= PAGE_SIZE - sizeof(T) &&
           arch::copy_to_user(address, &value, sizeof(T)) == 0;
}

// Errors of each: those of syscall::register_fast_path.
Result<> register_fast_immediate_calls();
Result<> register_fast_clock_calls();
Result<> register_fast_signal_calls();
Result<> register_fast_file_calls();

}  // namespace exo::posix_x
