// The audit ring: the last denials. Its size is fixed; it never allocates, and overwrites the oldest entry.
#pragma once

#include <span>

#include "security/rights.hpp"
#include "time/clock.hpp"
#include "utils/object.hpp"

namespace exo::security {

struct Denial {
    time::Nanoseconds at = 0;  ///< Monotonic.
    u32 thread = 0;            ///< 0 before there are threads.
    u32 number = 0;            ///< The descriptor.
    ObjectKind kind = ObjectKind::Plain;
    Rights needed = Rights::None;
    Rights missing = Rights::None;
};

inline constexpr usize AUDIT_RING_SIZE = 256;

void record_denial(u32 number, ObjectKind kind, Rights needed, Rights missing);

/// Copies the newest denials into `out`, oldest first. Returns how many.
usize read_denials(std::span<Denial> out);
/// How many denials there were since boot, including overwritten ones.
u64 denial_count();

}  // namespace exo::security
