// The signal mask of a task, and the one that ppoll and pselect put in its place for the length of their wait.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Sets the mask of the calling task (SIGKILL and SIGSTOP stay unblocked) and notes what it lets through.
void set_blocked_signals(Task& task, SignalSet blocked);

/// Replaces the calling task's mask and remembers the old one. If the call is interrupted, `keep` leaves it to the
/// delivery of the signal to put the old one back, after the handler; otherwise that happens here.
class [[nodiscard]] TemporaryMask {
  public:
    explicit TemporaryMask(SignalSet mask) {
        Task& task = current_task();
        task.saved_mask = task.blocked();
        task.has_saved_mask = true;
        set_blocked_signals(task, mask);
    }
    TemporaryMask(const TemporaryMask&) = delete;
    TemporaryMask& operator=(const TemporaryMask&) = delete;
    ~TemporaryMask() {
        if (is_kept_) return;
        Task& task = current_task();
        task.has_saved_mask = false;
        set_blocked_signals(task, task.saved_mask);
    }
    void keep() { is_kept_ = true; }

  private:
    bool is_kept_ = false;
};

}  // namespace exo::posix_x
