// Rights: the operations that a capability permits on its object. Rights can be removed, never added.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "utils/flags.hpp"
#include "utils/types.hpp"

namespace exo::security {

enum class Rights : u32 {
    None = 0,
    Read = 1 << 0,        ///< read, recv, getdents
    Write = 1 << 1,       ///< write, send, truncate, allocate
    Seek = 1 << 2,        ///< use and move the position
    Execute = 1 << 3,     ///< execveat, fexecve
    Map = 1 << 4,         ///< mmap; writable shared mappings need Write too
    Poll = 1 << 5,        ///< poll, select, epoll
    Control = 1 << 6,     ///< ioctl
    Inspect = 1 << 7,     ///< fstat, fstatfs, F_GETFL: look, change nothing
    Configure = 1 << 8,   ///< F_SETFL, F_SETPIPE_SZ, F_SETOWN: change the open description
    Attributes = 1 << 9,  ///< fchmod, fchown, futimens, extended attributes: change the inode
    Lookup = 1 << 10,     ///< the start of a path walk, fchdir
    Sync = 1 << 11,       ///< fsync, fdatasync, sync_file_range
    Lock = 1 << 12,       ///< flock, record locks
    Transfer = 1 << 13,   ///< dup, inheritance, SCM_RIGHTS
};
EXO_FLAGS(Rights);

/// The rights of every opened descriptor, whatever its access mode.
inline constexpr Rights COMMON_RIGHTS =
    Rights::Seek | Rights::Execute | Rights::Map | Rights::Poll | Rights::Control | Rights::Inspect |
    Rights::Configure | Rights::Attributes | Rights::Lookup | Rights::Sync | Rights::Lock | Rights::Transfer;
inline constexpr Rights ALL_RIGHTS = COMMON_RIGHTS | Rights::Read | Rights::Write;

/// The rights of a descriptor that open(2) makes with `flags`. O_PATH gives only rights that need no open
/// file. Access mode 3 permits neither reading nor writing (open(2), "BUGS").
constexpr Rights rights_from_open_flags(abi::OpenFlags flags) {
    using abi::OpenFlags;
    if (has(flags, OpenFlags::Path))
        return Rights::Execute | Rights::Inspect | Rights::Lookup | Rights::Transfer;
    switch (flags & OpenFlags::Accmode) {
        case OpenFlags::Rdonly: return COMMON_RIGHTS | Rights::Read;
        case OpenFlags::Wronly: return COMMON_RIGHTS | Rights::Write;
        case OpenFlags::Rdwr: return ALL_RIGHTS;
        default: return COMMON_RIGHTS;
    }
}

}  // namespace exo::security
