// The names of the system: uname(2), /proc/version, /proc/sys/kernel.
#pragma once

#include <atomic>
#include <span>
#include <string_view>

#include "abi/linux/process.hpp"
#include "abi/linux/system.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

inline constexpr std::string_view SYSTEM_NAME = "Linux";
inline constexpr std::string_view SYSTEM_RELEASE = "6.1.0-exo";
inline constexpr std::string_view SYSTEM_VERSION = "#1 SMP Exo-OS";
inline constexpr std::string_view SYSTEM_MACHINE = "x86_64";

abi::utsname system_names();
/// Changes the names for a program that asked for another system's with personality(2).
void apply_personality(abi::utsname& shown, abi::PersonalityFlags flags);

/// /proc/sys/kernel/dmesg_restrict: whether reading the kernel's log needs CAP_SYSLOG. Set by default, as in
/// Debian.
inline constinit std::atomic<u64> log_is_restricted{1};

enum class ChangeableName : u8 { Host, Domain };
/// Changes a name. Errors: Einval (longer than 64 bytes).
Result<> set_system_name(ChangeableName which, std::span<const u8> name);

}  // namespace exo::posix_x
