// Linux memory barriers on all CPUs: membarrier(2) (include/uapi/linux/membarrier.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class MembarrierCommand : std::int32_t {
    Query = 0,
    Global = 1,
    GlobalExpedited = 2,
    RegisterGlobalExpedited = 4,
    PrivateExpedited = 8,
    RegisterPrivateExpedited = 16,
    PrivateExpeditedSyncCore = 32,
    RegisterPrivateExpeditedSyncCore = 64,
    PrivateExpeditedRseq = 128,
    RegisterPrivateExpeditedRseq = 256,
};

constexpr std::uint32_t raw_command(MembarrierCommand command) { return static_cast<std::uint32_t>(command); }

enum class MembarrierFlags : std::uint32_t { None = 0, Cpu = 1 };
template <> inline constexpr bool IS_FLAG_ENUM<MembarrierFlags> = true;

}  // namespace exo::abi
