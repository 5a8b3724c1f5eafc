// Merges the calls of all families into one table at compile time.
//
//   constexpr auto CALLS = sort_calls(READ_WRITE_CALLS, DESCRIPTORS_CALLS);
//   static_assert(number_given_twice(CALLS) == NO_NUMBER);
//   constinit const arch::CallHandlers exo_call_handlers = handlers_of(CALLS);
#pragma once

#include <algorithm>

#include "syscall/syscall.hpp"

namespace exo::syscall {

inline constexpr usize NO_NUMBER = ~usize{0};

/// All calls in order of number.
template <usize... COUNT> consteval auto sort_calls(const Call (&... families)[COUNT]) {
    std::array<Call, (COUNT + ...)> calls;
    Call* end = calls.data();
    ((end = std::copy_n(families, COUNT, end)), ...);
    std::sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) { return a.number < b.number; });
    return calls;
}

/// The first number that two of the sorted calls share; NO_NUMBER if there is none.
consteval usize number_given_twice(std::span<const Call> calls) {
    for (usize index = 1; index < calls.size(); ++index)
        if (calls[index].number == calls[index - 1].number) return calls[index].number;
    return NO_NUMBER;
}

/// The first number that is too large for the entry code; NO_NUMBER if there is none.
consteval usize number_beyond_limit(std::span<const Call> calls) {
    for (const Call& one : calls)
        if (one.number >= arch::SYSTEM_CALL_LIMIT) return one.number;
    return NO_NUMBER;
}

/// The calls, each with its fast handler if it has one. A fast handler without a call does not compile.
template <usize CALLS, usize ROUTES>
consteval std::array<Call, CALLS> with_routes(std::array<Call, CALLS> calls,
                                              const FastRoute (&routes)[ROUTES]) {
    for (const FastRoute& route : routes)
        std::ranges::find(calls, route.full, &Call::handler)->fast = route.fast;
    return calls;
}

/// The handlers by number, for the entry code. The last entry is for all numbers beyond the table. A call with such a number is left
/// out, so that number_beyond_limit() alone reports it.
consteval arch::CallHandlers handlers_of(std::span<const Call> calls) {
    arch::CallHandlers handlers;
    handlers.fill(&unknown_call);
    for (const Call& one : calls)
        if (one.number < arch::SYSTEM_CALL_LIMIT) handlers[one.number] = one.handler;
    return handlers;
}

/// The fast handlers by number. A call without one has a null pointer.
consteval arch::FastHandlers fast_handlers_of(std::span<const Call> calls) {
    arch::FastHandlers handlers;
    handlers.fill(&fast_unknown);
    for (const Call& one : calls)
        if (one.number < arch::SYSTEM_CALL_LIMIT) handlers[one.number] = one.fast;
    return handlers;
}

}  // namespace exo::syscall
