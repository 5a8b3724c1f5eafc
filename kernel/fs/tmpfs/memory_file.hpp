// memfd_create(2): a file of a tmpfs that nobody sees.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs::tmpfs {

enum class Sealing : u8 { Forbidden, Allowed };

/// Open for reading and writing, empty. `name` is for people: /proc/PID/fd shows it. Errors: Enomem.
Result<Ref<File>> create_memory_file(std::string_view name, Sealing sealing, const Credentials& credentials);

}  // namespace exo::fs::tmpfs
