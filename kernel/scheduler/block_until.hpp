// block_until: the waiting loop of files that block (pipes, eventfds, ports).
#pragma once

#include "scheduler/wait_queue.hpp"

namespace exo::scheduler {

enum class Blocking : u8 { Yes, No };

/// The part of block_until after a first attempt has failed with Eagain. A caller that makes the first attempt itself calls this from a
/// function that is out of line: most calls succeed at once, and the loop would take their registers.
template <class Ready, class Attempt>
[[gnu::always_inline]] inline auto block_after_failure(WaitQueue& queue, Ready&& ready, Attempt&& attempt)
    -> decltype(attempt()) {
    while (true) {
        if (const Result<> waited = queue.wait(WaitMode::Interruptible, ready); !waited) [[unlikely]] {
            if (ready()) queue.hand_on();
            return waited.error();
        }
        auto result = attempt();
        if (result || result.error() != Error::Eagain) return result;
    }
}

namespace detail {

template <class Ready, class Attempt>
[[gnu::noinline]] auto wait_and_attempt(WaitQueue& queue, Ready& ready, Attempt& attempt)
    -> decltype(attempt()) {
    return block_after_failure(queue, ready, attempt);
}

}  // namespace detail

/// Calls `attempt` until it returns anything but Eagain, and returns that. Between the calls it waits on
/// `queue`, without a lock, until `ready()` returns true. If a signal ends the wait and `ready()` is true by
/// then, it passes its wake-up on to the next waiter.
///
///     return block_until(readable_, blocking, [&] { return may_read(); }, [&] { return try_read(to); });
///
/// Errors: those of `attempt`, RestartSys; Eagain only if it may not block.
template <class Ready, class Attempt>
[[gnu::always_inline]] inline auto block_until(WaitQueue& queue, Blocking blocking, Ready ready,
                                               Attempt attempt) -> decltype(attempt()) {
    auto result = attempt();
    if (result) [[likely]]
        return result;
    if (result.error() != Error::Eagain || blocking == Blocking::No) return result;
    return detail::wait_and_attempt(queue, ready, attempt);
}

}  // namespace exo::scheduler
