// Linux restartable sequences: rseq(2) (include/uapi/linux/rseq.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class RseqFlags : std::uint32_t { None = 0, Unregister = 1 };
template <> inline constexpr bool IS_FLAG_ENUM<RseqFlags> = true;

/// The area of a thread.
struct rseq {
    std::uint32_t cpu_id_start;
    std::uint32_t cpu_id;
    std::uint64_t rseq_cs;  ///< The address of the critical section that the thread is in, or 0.
    std::uint32_t flags;
    std::uint32_t unused[3];
};
static_assert(sizeof(rseq) == 32);

inline constexpr std::uint32_t RSEQ_CPU_ID_UNINITIALIZED = 0xffffffff;

/// A critical section: the instructions from start_ip on that are post_commit_offset bytes long.
struct rseq_cs {
    std::uint32_t version;
    std::uint32_t flags;
    std::uint64_t start_ip;
    std::uint64_t post_commit_offset;
    std::uint64_t abort_ip;  ///< The four bytes before it are the signature that the thread registered.
};
static_assert(sizeof(rseq_cs) == 32);

}  // namespace exo::abi
