// Linux pidfd_open(2) and its relatives (include/uapi/linux/pidfd.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class PidfdFlags : std::uint32_t { None = 0, Nonblock = 04000 };
template <> inline constexpr bool IS_FLAG_ENUM<PidfdFlags> = true;

/// pidfd_send_signal(2) and pidfd_getfd(2) know no flag yet.
enum class NoPidfdFlags : std::uint32_t { None = 0 };
template <> inline constexpr bool IS_FLAG_ENUM<NoPidfdFlags> = true;

}  // namespace exo::abi
