// Linux uname(2), sysinfo(2), getrandom(2), syslog(2), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

inline constexpr std::size_t UTS_NAME_SIZE = 65;  ///< With its NUL.

struct utsname {
    char sysname[UTS_NAME_SIZE];
    char nodename[UTS_NAME_SIZE];
    char release[UTS_NAME_SIZE];
    char version[UTS_NAME_SIZE];
    char machine[UTS_NAME_SIZE];
    char domainname[UTS_NAME_SIZE];
};
static_assert(sizeof(utsname) == 390);

struct sysinfo {
    std::int64_t uptime;
    std::uint64_t loads[3];  ///< 1, 5 and 15 minutes, in 1/65536.
    std::uint64_t totalram;
    std::uint64_t freeram;
    std::uint64_t sharedram;
    std::uint64_t bufferram;
    std::uint64_t totalswap;
    std::uint64_t freeswap;
    std::uint16_t procs;
    std::uint16_t padding1_[3];
    std::uint64_t totalhigh;
    std::uint64_t freehigh;
    std::uint32_t mem_unit;
    std::uint32_t padding2_;
};
static_assert(sizeof(sysinfo) == 112);

enum class RandomFlags : std::uint32_t { None = 0, Nonblock = 1, Random = 2, Insecure = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<RandomFlags> = true;

/// Requests of ioctl(2) to /dev/random (include/uapi/linux/random.h, random(4)).
enum class RandomIoctl : std::uint32_t {
    GetEntropyCount = 0x80045200,
    AddToEntropyCount = 0x40045201,
    AddEntropy = 0x40085203,
    ZeroEntropyCount = 0x5204,
    ClearPool = 0x5206,
    Reseed = 0x5207,
};

/// struct rand_pool_info: before the bytes.
struct rand_pool_info {
    std::int32_t entropy_count;
    std::int32_t buf_size;
};

enum class SyslogAction : std::int32_t {
    Close = 0,
    Open = 1,
    Read = 2,
    ReadAll = 3,
    ReadClear = 4,
    Clear = 5,
    ConsoleOff = 6,
    ConsoleOn = 7,
    ConsoleLevel = 8,
    SizeUnread = 9,
    SizeBuffer = 10,
};

}  // namespace exo::abi
