// execve(2): a new program in the calling process.
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

/// What the calling program wants to give the next one: user addresses of arrays. Errors: Efault, E2big, Enomem.
Result<ProgramArguments> copy_program_arguments(u64 arguments, u64 environment);

/// On success the task's registers are the new program's. Errors: those of execve(2); the old program goes on then.
/// Past the point of no return a failure kills the process.
Result<> execute(const ExecuteRequest& request, ProgramArguments arguments);

/// norandmaps: no program's addresses are randomised.
void disable_address_randomisation();

}  // namespace exo::posix_x
