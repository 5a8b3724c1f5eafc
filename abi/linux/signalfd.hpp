// Linux signalfd(2) (include/uapi/linux/signalfd.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class SignalfdFlags : std::uint32_t { None = 0, Nonblock = 04000, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<SignalfdFlags> = true;

struct signalfd_siginfo {
    std::uint32_t ssi_signo;
    std::int32_t ssi_errno;
    std::int32_t ssi_code;
    std::uint32_t ssi_pid;
    std::uint32_t ssi_uid;
    std::int32_t ssi_fd;
    std::uint32_t ssi_tid;
    std::uint32_t ssi_band;
    std::uint32_t ssi_overrun;
    std::uint32_t ssi_trapno;
    std::int32_t ssi_status;
    std::int32_t ssi_int;
    std::uint64_t ssi_ptr;
    std::uint64_t ssi_utime;
    std::uint64_t ssi_stime;
    std::uint64_t ssi_addr;
    std::uint16_t ssi_addr_lsb;
    std::uint16_t padding_;
    std::int32_t ssi_syscall;
    std::uint64_t ssi_call_addr;
    std::uint32_t ssi_arch;
    std::uint8_t reserved[28];
};
static_assert(sizeof(signalfd_siginfo) == 128);

}  // namespace exo::abi
