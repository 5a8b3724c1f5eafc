// The kernel's one error type.
//
// Values 1-4095 are Linux errnos of x86-64 (include/uapi/asm-generic/errno*.h), spelled in our case so
// that libc's macros of the same name cannot touch them in hosted builds. Values above 4095 are internal;
// `to_errno` is the one place that turns them into something that a program may see.
#pragma once

#include "utils/types.hpp"

namespace exo {

enum class Error : u16 {
    Eperm = 1,
    Enoent = 2,
    Esrch = 3,
    Eintr = 4,
    Eio = 5,
    Enxio = 6,
    E2big = 7,
    Enoexec = 8,
    Ebadf = 9,
    Echild = 10,
    Eagain = 11,
    Enomem = 12,
    Eacces = 13,
    Efault = 14,
    Enotblk = 15,
    Ebusy = 16,
    Eexist = 17,
    Exdev = 18,
    Enodev = 19,
    Enotdir = 20,
    Eisdir = 21,
    Einval = 22,
    Enfile = 23,
    Emfile = 24,
    Enotty = 25,
    Etxtbsy = 26,
    Efbig = 27,
    Enospc = 28,
    Espipe = 29,
    Erofs = 30,
    Emlink = 31,
    Epipe = 32,
    Edom = 33,
    Erange = 34,
    Edeadlk = 35,
    Enametoolong = 36,
    Enolck = 37,
    Enosys = 38,
    Enotempty = 39,
    Eloop = 40,
    Enodata = 61,
    Etime = 62,
    Enonet = 64,
    Enopkg = 65,
    Eproto = 71,
    Eoverflow = 75,
    Ebadfd = 77,
    Eusers = 87,
    Enotsock = 88,
    Edestaddrreq = 89,
    Emsgsize = 90,
    Eprototype = 91,
    Enoprotoopt = 92,
    Eprotonosupport = 93,
    Esocktnosupport = 94,
    Eopnotsupp = 95,
    Eafnosupport = 97,
    Eaddrinuse = 98,
    Eaddrnotavail = 99,
    Enetdown = 100,
    Enetunreach = 101,
    Econnaborted = 103,
    Econnreset = 104,
    Enobufs = 105,
    Eisconn = 106,
    Enotconn = 107,
    Etoomanyrefs = 109,
    Etimedout = 110,
    Econnrefused = 111,
    Ehostdown = 112,
    Ehostunreach = 113,
    Ealready = 114,
    Einprogress = 115,
    Estale = 116,
    Edquot = 122,
    Ecanceled = 125,

    // The specification's names (MemoryError, SyscallError) for errors that Linux also has.
    OutOfMemory = Enomem,
    InvalidAddress = Efault,
    InvalidArgument = Einval,
    InvalidSyscall = Enosys,
    NotFound = Enoent,
    AlreadyExists = Eexist,
    IoError = Eio,

    // Internal errors without an errno.
    AlreadyMapped = 4096,
    NotMapped,
    PermissionDenied,
    AlignmentError,
    InvalidSize,
    InternalError,
    WouldFault,  ///< A copy with faults disabled reached a page that is not present.

    // A signal interrupted the system call; syscall/restart decides what the program sees.
    RestartSys,          ///< Restart if the handler has SA_RESTART, else EINTR.
    RestartNoHandler,    ///< Restart unless a handler ran.
    RestartNoInterrupt,  ///< Restart always.
    RestartWithBlock,    ///< Continue with the remaining time, through restart_syscall.
};

/// The errno (1-4095) that a program sees for `error`. The caller has already resolved restart errors.
constexpr u16 to_errno(Error error) {
    switch (error) {
        case Error::AlreadyMapped: return static_cast<u16>(Error::Eexist);
        case Error::NotMapped: return static_cast<u16>(Error::Efault);
        case Error::PermissionDenied: return static_cast<u16>(Error::Eacces);
        case Error::AlignmentError:
        case Error::InvalidSize: return static_cast<u16>(Error::Einval);
        case Error::InternalError: return static_cast<u16>(Error::Eio);
        case Error::WouldFault: return static_cast<u16>(Error::Efault);
        case Error::RestartSys:
        case Error::RestartNoHandler:
        case Error::RestartNoInterrupt:
        case Error::RestartWithBlock: return static_cast<u16>(Error::Eintr);
        default: return static_cast<u16>(error);
    }
}

}  // namespace exo
