// posix_x's part of the boot, and the first process.
#pragma once

#include "boot/command_line.hpp"

namespace exo::posix_x {

/// Hooks into the scheduler and vm, and registers every system call. Errors: AlreadyExists, Enomem.
Result<> start(const boot::CommandLine& command_line);

/// Process 1. Its program: rdinit= and init= from the command line, else /init, /sbin/init, /etc/init, /bin/init,
/// /bin/sh. The machine panics if none can be executed, and says with that what was wrong with the initramfs
/// (`initramfs_problem`, empty if nothing was). Errors: Enomem.
Result<> start_first_process(std::string_view initramfs_problem) asm("exo_start_first_process");

}  // namespace exo::posix_x
