// Chores: what the network does after a while: fragments and neighbours that expire, questions that are asked again. One thread does
// them.
#pragma once

#include <atomic>

#include "time/clock.hpp"
#include "utils/list.hpp"
#include "utils/result.hpp"

namespace exo::net {

/// One kind of work. It lives for ever.
class Chore {
  public:
    /// `run` returns when it wants to run again; 0: not before `run_at`.
    using Run = time::Nanoseconds (*)(time::Nanoseconds now);
    constexpr explicit Chore(Run run) : run_(run) {}

    /// Makes it run at that time, or earlier if it already should. Callable under spin locks.
    void run_at(time::Nanoseconds when);

  private:
    friend struct ChoreThread;
    Run run_;
    std::atomic<time::Nanoseconds> due_{0};
    std::atomic<bool> is_listed_{false};
    std::atomic<Chore*> next_{nullptr};
};

/// Starts the thread. Errors: Enomem.
Result<> start_chores();

}  // namespace exo::net
