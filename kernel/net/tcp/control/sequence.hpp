// Sequence numbers of TCP: 32 bits that wrap (RFC 9293, section 3.4).
#pragma once

#include "utils/types.hpp"

namespace exo::net::tcp {

constexpr bool is_before(u32 a, u32 b) { return static_cast<i32>(a - b) < 0; }
constexpr bool is_after(u32 a, u32 b) { return is_before(b, a); }
constexpr bool is_at_or_before(u32 a, u32 b) { return !is_before(b, a); }
constexpr bool is_at_or_after(u32 a, u32 b) { return !is_before(a, b); }
constexpr u32 earlier_of(u32 a, u32 b) { return is_before(a, b) ? a : b; }
constexpr u32 later_of(u32 a, u32 b) { return is_before(a, b) ? b : a; }

/// The sequence numbers from `start` up to, but without, `end`.
struct SequenceRange {
    u32 start = 0;
    u32 end = 0;

    constexpr u32 size() const { return end - start; }
    constexpr bool is_empty() const { return start == end; }
    friend constexpr bool operator==(const SequenceRange&, const SequenceRange&) = default;
};

}  // namespace exo::net::tcp
