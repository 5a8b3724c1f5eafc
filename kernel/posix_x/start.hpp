// posix_x: the Linux personality. This header declares its part of the boot and the first process.
//
// Key types: Process, Task and Identity (process/), signals (process/signals.hpp, signal/), Terminal (terminal/). The calls lie
// beside their concept, one file a family: they decode, call fs, vm, ipc or a neighbour, and answer; call_table.cpp merges their
// tables. tools/check_layers.py has the order of the folders: process/ is data only, syscalls/ is what all calls are built from,
// lifecycle/ (fork, execve, exit, delivery of signals) may use all other concepts, and procfs/ and devices/ show them.
// Neighbours: everything below; agents above.
// Locking: see process/process.hpp; a handler holds no lock while it touches user memory.
#pragma once

#include "boot/command_line.hpp"

namespace exo::posix_x {

/// Registers posix_x's hooks in the scheduler and vm, and makes /proc. Errors: Enomem.
Result<> start(const boot::CommandLine& command_line);

/// Starts process 1. Its program comes from rdinit= and init= on the command line, else it is /init,
/// /sbin/init, /etc/init, /bin/init or /bin/sh. The kernel panics if none can be executed; the report
/// includes `initramfs_problem`, which says what was wrong with the initramfs (empty: nothing). Errors:
/// Enomem.
Result<> start_first_process(std::string_view initramfs_problem) asm("exo_start_first_process");

}  // namespace exo::posix_x
