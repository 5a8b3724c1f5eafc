#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/futex/futex_table.hpp"
#include "posix_x/futex/pi_futex.hpp"

namespace exo::posix_x {

/// FUTEX_WAKE of a private word for which nobody waits: an unlocked lock or semaphore often wakes nobody.
FastAnswer fast_futex(Word word, Operation operation, WordValue, Timeout, Word, WordValue) {
    constexpr u32 WAKE = static_cast<u32>(abi::FutexOperation::Wake) | abi::raw(abi::FutexFlags::PrivateFlag);
    if (operation.value != WAKE) return DECLINED;
    const u64 address = word.address();
    if (address % sizeof(u32) != 0 || !memory::is_user_range(address, sizeof(u32))) return DECLINED;
    if (!PI_FUTEXES.is_empty()) return DECLINED;
    if (!FUTEXES.has_nobody({&current_task().space(), address})) return DECLINED;
    return 0;
}

}  // namespace exo::posix_x
