// execve(2): replaces the program of the calling process.
#pragma once

#include "fs/operations/vfs.hpp"
#include "posix_x/lifecycle/arguments.hpp"

namespace exo::posix_x {

struct ExecuteRequest {
    std::string_view path;
    fs::Start start{};
    i32 descriptor = abi::AT_CURRENT_DIRECTORY;
    abi::AtFlags flags = abi::AtFlags::None;
};

/// Copies the arguments and the environment for the next program. Both are user addresses of arrays. Errors:
/// Efault, E2big, Enomem.
Result<ProgramArguments> copy_program_arguments(u64 arguments, u64 environment);

/// Executes a program. On success the task's registers are those of the new program. After an error the old
/// program continues; after the point of no return a failure kills the process instead. Errors: those of
/// execve(2).
Result<> execute(const ExecuteRequest& request, ProgramArguments arguments);

/// norandmaps: turns address randomisation off for all programs.
void disable_address_randomisation();

}  // namespace exo::posix_x
