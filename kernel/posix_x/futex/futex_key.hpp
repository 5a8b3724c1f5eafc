// The key of a futex word: two words with the same key are the same futex (futex(2)).
//
// A private futex has the address space and the address as its key. Private anonymous memory without
// FUTEX_PRIVATE_FLAG has the same key with a mark that keeps it apart. In a shared mapping the key is the
// source of the pages (a file's page cache, or shared anonymous memory) and the offset in it, so that
// processes may map it at different addresses.
#pragma once

#include "abi/linux/futex.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct FutexKey {
    const Object* object = nullptr;  ///< The address space, or the source of the pages.
    u64 offset = 0;                  ///< In bytes.
    friend bool operator==(const FutexKey&, const FutexKey&) = default;
    friend bool operator<(const FutexKey& a, const FutexKey& b) {
        return a.offset != b.offset ? a.offset < b.offset : a.object < b.object;
    }
};

/// A key and a reference to its object, which prevents that another object gets the same address. The reference is null if the
/// object is the address space of the calling task, which stays as long as the call does.
struct FutexPlace {
    FutexKey key;
    Ref<Object> owner;
};

enum class FutexScope : u8 { Private, Shared };
/// The access that a caller needs. Write: a shared word must be writable.
enum class FutexAccess : u8 { Read, Write };

/// Finds the key of a word. LINUX: get_futex_key.
/// Errors: Einval (not a multiple of 4), Efault (outside the user half; for a shared word also: not mapped,
/// not readable, or in private anonymous memory that cannot be written), Enomem.
Result<FutexPlace> find_futex(Task& task, u64 address, FutexScope scope,
                              FutexAccess access = FutexAccess::Read);

}  // namespace exo::posix_x
