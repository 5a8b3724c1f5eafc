#include "posix_x/futex/futex_key.hpp"

#include "vm/address_space.hpp"

namespace exo::posix_x {

namespace {

/// Brings the page in as for writing, else as for reading: private memory that may be written becomes the program's own copy.
/// Errors: Efault, Enomem.
Result<> touch(vm::AddressSpace& space, u64 address) {
    const Result<memory::FrameRef> written = space.pin_page(address, {.is_write = true});
    if (written || written.error() == Error::Enomem) return written ? Result<>() : Result<>(written.error());
    TRY(space.pin_page(address, {}));
    return {};
}

}  // namespace

Result<FutexPlace> find_futex(Task& task, u64 address, FutexScope scope) {
    if (address % sizeof(u32) != 0) return Error::Einval;
    if (!memory::is_user_range(address, sizeof(u32))) return Error::Efault;
    const auto in_space = [&] {
        return FutexPlace{{task.space.get(), address}, Ref<Object>(task.space.get())};
    };
    if (scope == FutexScope::Private) return in_space();
    TRY(touch(*task.space, address));
    const std::optional<vm::AreaInformation> area = task.space->area_above(address);
    if (!area || area->start > address) return Error::Efault;  // unmapped meanwhile
    const bool is_writable = abi::has(area->kind.protection, abi::Protection::Write);
    const bool is_shared = has(area->kind.flags, vm::AreaFlags::Shared);
    if (area->source && (is_shared || !is_writable))
        return FutexPlace{{area->source.get(), area->offset + (address - area->start)},
                          Ref<Object>(area->source.get())};
    if (!is_writable) return Error::Efault;
    return in_space();
}

}  // namespace exo::posix_x
