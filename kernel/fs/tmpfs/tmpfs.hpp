// tmpfs: files in memory. A directory's entries are its dentries, a file's content is its page cache.
#pragma once

#include "fs/operations/vfs.hpp"
#include "fs/tmpfs/tmpfs_options.hpp"

namespace exo::fs::tmpfs {

/// Registers the types "tmpfs" and "ramfs". size= percentages, and the default size of half the memory, refer
/// to `total_memory_bytes`.
void init(u64 total_memory_bytes);

/// The default mount options: half of the memory, and one inode per page of that.
Options default_options();

/// Makes a new instance. Errors: Enomem.
Result<MountableTree> create(const Options& options, std::string_view type_name = "tmpfs");

}  // namespace exo::fs::tmpfs
