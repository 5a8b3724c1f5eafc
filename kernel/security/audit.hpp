// The audit ring: the last denials, fixed in size, never allocating, overwriting the oldest.
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

/// Copies the newest denials, oldest first, into `out`; returns how many.
usize read_denials(std::span<Denial> out);
/// Since boot, those that have been overwritten included.
u64 denial_count();

}  // namespace exo::security
