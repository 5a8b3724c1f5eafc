// Linux timerfd_create(2) (include/uapi/linux/timerfd.h), x86-64.
#pragma once

#include "abi/linux/time.hpp"

namespace exo::abi {

enum class TimerfdFlags : std::uint32_t { None = 0, Nonblock = 04000, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<TimerfdFlags> = true;

enum class TimerfdSetFlags : std::uint32_t { None = 0, Abstime = 1, CancelOnSet = 2 };
template <> inline constexpr bool IS_FLAG_ENUM<TimerfdSetFlags> = true;

}  // namespace exo::abi
