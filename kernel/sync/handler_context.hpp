// The context of an interrupt handler, as far as locks are concerned.
#pragma once

#include "sync/held_locks.hpp"

namespace exo::sync {

/// The first thing in every handler: locks that the interrupted code holds are no business of the handler's, and are
/// put back when it ends.
class HandlerContext {
  public:
    HandlerContext()
        : header_(thread_header()),
          ranks_(header_.held_ranks),
          spin_locks_(header_.spin_locks_held) {
        header_.held_ranks = 0;
        header_.spin_locks_held = 0;
    }
    ~HandlerContext() {
        header_.held_ranks = ranks_;
        header_.spin_locks_held = spin_locks_;
    }
    HandlerContext(const HandlerContext&) = delete;
    HandlerContext& operator=(const HandlerContext&) = delete;

  private:
    ThreadHeader& header_;
    u64 ranks_;
    u32 spin_locks_;
};

}  // namespace exo::sync
