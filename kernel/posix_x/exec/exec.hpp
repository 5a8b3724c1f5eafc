// execve(2): a new program in the calling process.
#pragma once

#include "fs/vfs.hpp"
#include "posix_x/exec/arguments.hpp"

namespace exo::posix_x {

struct ExecuteRequest {
    std::string_view path;
    u64 arguments = 0;  ///< User addresses of the arrays.
    u64 environment = 0;
    fs::Start start{};
    i32 descriptor = abi::AT_CURRENT_DIRECTORY;
    abi::AtFlags flags = abi::AtFlags::None;
};

/// On success the task's registers are the new program's. Errors: those of execve(2); the old program goes on then.
/// Past the point of no return a failure kills the process.
Result<> execute(const ExecuteRequest& request);

/// The same for the kernel's first program, whose arguments come from the command line.
Result<> execute_first(std::string_view path, ProgramArguments arguments);

/// norandmaps: no program's addresses are randomised.
void disable_address_randomisation();

}  // namespace exo::posix_x
