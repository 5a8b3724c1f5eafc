// The mount options of tmpfs (tmpfs(5)).
#pragma once

#include <string_view>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::fs::tmpfs {

/// The options inode32 and inode64.
enum class InodeNumbers : u8 { Bits32, Bits64 };

struct Options {
    u64 max_bytes = 0;   ///< 0: no limit.
    u64 max_inodes = 0;  ///< 0: no limit.
    u32 mode = 01777;
    u32 uid = 0;
    u32 gid = 0;
    InodeNumbers inode_numbers = InodeNumbers::Bits64;
};

/// Parses "size=10m,nr_inodes=5k,mode=755,uid=0,gid=0"; options that are not given keep `defaults`. size also
/// accepts k, m, g and a percentage of `total_memory_bytes`; nr_blocks counts pages. Errors: Einval (an
/// unknown or malformed option).
Result<Options> parse_options(std::string_view text, const Options& defaults, u64 total_memory_bytes);

}  // namespace exo::fs::tmpfs
