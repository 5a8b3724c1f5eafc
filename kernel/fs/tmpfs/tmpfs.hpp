// tmpfs: files in memory. A directory's entries are its dentries, a file's content is its page cache.
#pragma once

#include "fs/operations/vfs.hpp"
#include "fs/tmpfs/tmpfs_options.hpp"

namespace exo::fs::tmpfs {

/// Registers the types "tmpfs" and "ramfs". `total_memory_bytes` is what size= percentages and the default size
/// (half of it) refer to.
void init(u64 total_memory_bytes);

/// What mount(2) starts from: half of the memory, and an inode for each page of it.
Options default_options();

/// A new instance. Errors: Enomem.
Result<MountableTree> create(const Options& options, std::string_view type_name = "tmpfs");

}  // namespace exo::fs::tmpfs
