// What execve makes of the caller's identity (credentials(7), capabilities(7)).
#pragma once

#include "fs/file/file.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct NewCredentials {
    Ref<Identity> identity;
    bool is_secure = false;  ///< AT_SECURE: who started it may not be who it works for.
    bool has_gained =
        false;  ///< By its set-id bits or by being root: personality flags that help an attack go.
    bool is_dumpable = true;  ///< Who started it may look into it.
    bool is_another = false;  ///< Than the caller: the parent's death is no signal for it.
};

/// For `file` as the program of `task`, which is the current one. Errors: Enomem; Eperm, Einval (the file's
/// capabilities are more than the task may get, or make no sense).
Result<NewCredentials> credentials_for(const Task& task, const fs::File& file);

}  // namespace exo::posix_x
