// memfd_create(2): a file in an internal tmpfs that is mounted nowhere.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs::tmpfs {

enum class Sealing : u8 { Forbidden, Allowed };

/// Makes an empty file, open for reading and writing. /proc/PID/fd shows `name`. Errors: Enomem.
Result<Ref<File>> create_memory_file(std::string_view name, Sealing sealing, const Credentials& credentials);

}  // namespace exo::fs::tmpfs
