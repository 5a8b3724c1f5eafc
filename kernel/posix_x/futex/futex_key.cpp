#include "posix_x/futex/futex_key.hpp"

#include "vm/address_space.hpp"

namespace exo::posix_x {

namespace {

/// Faults the page in, for writing if possible, else for reading. So private writable memory becomes the
/// program's own copy.
/// Errors: Efault, Enomem.
Result<> touch(vm::AddressSpace& space, u64 address, FutexAccess access) {
    const Result<> written = space.touch(address, {.is_write = true});
    if (written || written.error() == Error::Enomem || access == FutexAccess::Write) return written;
    return space.touch(address, {});
}

}  // namespace

Result<FutexPlace> find_futex(Task& task, u64 address, FutexScope scope, FutexAccess access) {
    if (address % sizeof(u32) != 0) return Error::Einval;
    if (!memory::is_user_range(address, sizeof(u32))) return Error::Efault;
    if (scope == FutexScope::Private) return FutexPlace{{&task.space(), address}, nullptr};
    TRY(touch(task.space(), address, access));
    const std::optional<vm::AreaInformation> area = task.space().area_above(address);
    if (!area || area->start > address) return Error::Efault;  // unmapped meanwhile
    const bool is_writable = abi::has(area->kind.protection, abi::Protection::Write);
    const bool is_shared = has(area->kind.flags, vm::AreaFlags::Shared);
    if (area->source && (is_shared || !is_writable))
        return FutexPlace{{area->source.get(), area->offset + (address - area->start)},
                          Ref<Object>(area->source.get())};
    if (!is_writable) return Error::Efault;
    // LINUX: FUT_OFF_MMSHARED: a wake-up without FUTEX_PRIVATE_FLAG does not reach a waiter that gave the flag, even at the same address.
    constexpr u64 FOR_ALL = 2;  // addresses are multiples of 4
    return FutexPlace{{&task.space(), address | FOR_ALL}, nullptr};
}

}  // namespace exo::posix_x
