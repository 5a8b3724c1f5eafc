// Linux futexes: the operation word of futex(2) (include/uapi/linux/futex.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class FutexOperation : std::uint32_t {
    Wait = 0,
    Wake = 1,
    Fd = 2,
    Requeue = 3,
    CmpRequeue = 4,
    WakeOp = 5,
    LockPi = 6,
    UnlockPi = 7,
    TrylockPi = 8,
    WaitBitset = 9,
    WakeBitset = 10,
    WaitRequeuePi = 11,
    CmpRequeuePi = 12,
    LockPi2 = 13,
};

enum class FutexFlags : std::uint32_t {
    None = 0,
    PrivateFlag = 128,
    ClockRealtime = 256,
};
template <> inline constexpr bool IS_FLAG_ENUM<FutexFlags> = true;

/// futex_waitv(2): of one word.
enum class FutexWaitFlags : std::uint32_t { None = 0, Size32 = 2, Private = 128 };
template <> inline constexpr bool IS_FLAG_ENUM<FutexWaitFlags> = true;

struct futex_waitv {
    std::uint64_t val;
    std::uint64_t uaddr;
    std::uint32_t flags;
    std::uint32_t __reserved;
};
static_assert(sizeof(futex_waitv) == 24);
inline constexpr std::uint32_t FUTEX_WAITV_MAX = 128;

/// Parts of a word with priority inheritance, and of one in a robust list.
inline constexpr std::uint32_t FUTEX_WAITERS = 0x8000'0000;
inline constexpr std::uint32_t FUTEX_OWNER_DIED = 0x4000'0000;
inline constexpr std::uint32_t FUTEX_TID_MASK = 0x3fff'ffff;

/// What FUTEX_WAIT and FUTEX_WAKE stand for: FUTEX_BITSET_MATCH_ANY.
inline constexpr std::uint32_t FUTEX_ANY_BIT = 0xffffffff;

}  // namespace exo::abi
