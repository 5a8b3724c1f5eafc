// Linux poll(2) (include/uapi/asm-generic/poll.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class PollEvents : std::uint16_t {
    None = 0,
    In = 0x1,
    Pri = 0x2,
    Out = 0x4,
    Err = 0x8,
    Hup = 0x10,
    Nval = 0x20,
    Rdnorm = 0x40,
    Rdband = 0x80,
    Wrnorm = 0x100,
    Wrband = 0x200,
    Msg = 0x400,
    Rdhup = 0x2000,
};
template <> inline constexpr bool IS_FLAG_ENUM<PollEvents> = true;

struct pollfd {
    std::int32_t fd;
    std::int16_t events;
    std::int16_t revents;
};
static_assert(sizeof(pollfd) == 8);

}  // namespace exo::abi
