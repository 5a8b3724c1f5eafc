// HandlerContext: separates an interrupt handler's locks from those of the interrupted code.
#pragma once

#include "sync/held_locks.hpp"

namespace exo::sync {

/// Constructed first in every handler. It sets the lock record of the interrupted code aside, and its
/// destructor restores the record.
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
