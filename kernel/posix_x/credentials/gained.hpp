// The identity of a task after execve (credentials(7), capabilities(7)).
#pragma once

#include "fs/file/file.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct NewCredentials {
    Ref<Identity> identity;
    bool is_secure = false;  ///< AT_SECURE: the program has privileges that its caller may lack.
    bool has_gained =
        false;  ///< It gained privileges by set-ID bits or by being root, so execve clears the personality
                ///< flags that would help an attack.
    bool is_dumpable = true;  ///< The identity changed, so execve clears the signal at the parent's death.
    bool is_another = false;  ///< Its user or group differs from the caller's, so execve clears the signal at
                              ///< the parent's death.
};

/// The identity that `task`, the current one, gets when it executes `file`. Errors: Enomem; Eperm, Einval
/// (the file's capabilities exceed what the task may get, or are malformed).
Result<NewCredentials> credentials_for(const Task& task, const fs::File& file);

}  // namespace exo::posix_x
