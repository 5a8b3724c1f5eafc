// block_until: the waiting loop of files that block (pipes, eventfds, ports).
#pragma once

#include "scheduler/wait_queue.hpp"

namespace exo::scheduler {

enum class Blocking : u8 { Yes, No };

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
    while (true) {
        auto result = attempt();
        if (result) [[likely]]
            return result;
        if (result.error() != Error::Eagain || blocking == Blocking::No) return result;
        if (const Result<> waited = queue.wait(WaitMode::Interruptible, ready); !waited) [[unlikely]] {
            if (ready()) queue.hand_on();
            return waited.error();
        }
    }
}

}  // namespace exo::scheduler
