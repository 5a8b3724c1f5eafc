// Linux epoll(7) (include/uapi/linux/eventpoll.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class EpollOperation : std::int32_t { Add = 1, Del = 2, Mod = 3 };

enum class EpollCreateFlags : std::uint32_t { None = 0, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<EpollCreateFlags> = true;

/// EPOLLIN and the others. The low 16 bits are the events of poll(2).
enum class EpollEvents : std::uint32_t {
    None = 0,
    In = 0x1,
    Pri = 0x2,
    Out = 0x4,
    Err = 0x8,
    Hup = 0x10,
    Rdnorm = 0x40,
    Rdband = 0x80,
    Wrnorm = 0x100,
    Wrband = 0x200,
    Msg = 0x400,
    Rdhup = 0x2000,
    Exclusive = 1U << 28,
    Wakeup = 1U << 29,
    Oneshot = 1U << 30,
    Et = 1U << 31,
};
template <> inline constexpr bool IS_FLAG_ENUM<EpollEvents> = true;

/// Packed there: `data` is a word of 64 bits that is not aligned.
struct epoll_event {
    EpollEvents events;
    std::uint32_t data[2];
};
static_assert(sizeof(epoll_event) == 12 && alignof(epoll_event) == 4);

}  // namespace exo::abi
