// What a futex word is known by, whoever maps it where (futex(2)).
//
// Private: the address space and the address. Private anonymous memory without FUTEX_PRIVATE_FLAG: the same, with a mark that keeps it apart. A
// shared mapping: the source of its pages (a file's
// page cache, shared anonymous memory) and the place in it, so that processes meet there that map it at different addresses.
#pragma once

#include "abi/linux/futex.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct FutexKey {
    const Object* object = nullptr;  ///< The address space, or the source of the pages.
    u64 offset = 0;                  ///< In bytes.
    friend auto operator<=>(const FutexKey&, const FutexKey&) = default;
};

/// A key, and what keeps its object alive: no other object can get the same address meanwhile.
struct FutexPlace {
    FutexKey key;
    Ref<Object> owner;
};

enum class FutexScope : u8 { Private, Shared };
/// Write: a shared word must be writable.
enum class FutexAccess : u8 { Read, Write };

/// LINUX: get_futex_key. Errors: Einval (not a multiple of 4), Efault (outside the user half; for a shared one also: not
/// mapped, not readable, or private anonymous memory that cannot be written), Enomem.
Result<FutexPlace> find_futex(Task& task, u64 address, FutexScope scope,
                              FutexAccess access = FutexAccess::Read);

}  // namespace exo::posix_x
