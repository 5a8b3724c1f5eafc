// posix_x: the Linux personality. Each family of system calls registers itself; start.cpp calls register_all_calls.
//
// Key types: Process, Task and Identity (process/), signals (process/signals.hpp, signal/), Terminal (terminal/). The calls lie
// beside their concept, one file a family: they decode, call fs, vm, ipc or a neighbour, and answer. tools/check_layers.py has
// the order of the folders: process/ is data only, syscalls/ is what all calls are built from, lifecycle/ (fork, execve, exit,
// delivery of signals) may use all other concepts, and procfs/ and devices/ show them. Neighbours: everything below; agents
// above.
// Locking: see process/process.hpp; a handler holds no lock while it touches user memory.
#pragma once

#include "utils/result.hpp"

namespace exo::posix_x {

// Errors of each: AlreadyExists, a number registered twice.
Result<> register_read_write_calls();
Result<> register_descriptor_calls();
Result<> register_control_calls();
Result<> register_path_calls();
Result<> register_attribute_calls();
Result<> register_mount_calls();
Result<> register_memory_calls();
Result<> register_process_calls();
Result<> register_process_setting_calls();
Result<> register_limit_calls();
Result<> register_identity_calls();
Result<> register_signal_calls();
Result<> register_poll_calls();
Result<> register_time_calls();
Result<> register_timer_calls();
Result<> register_system_info_calls();
Result<> register_futex_calls();
Result<> register_fast_calls();

Result<> register_all_calls();

}  // namespace exo::posix_x
