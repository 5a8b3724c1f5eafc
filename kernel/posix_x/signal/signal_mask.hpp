// The signal mask of a task, and the temporary mask of ppoll and pselect.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Sets the mask of the calling task (SIGKILL and SIGSTOP stay unblocked) and lets the task check its pending
/// signals again. Other tasks check for signals that this one blocks from now on.
void set_blocked_signals(Task& task, SignalSet blocked);

/// Replaces the calling task's mask and restores it in the destructor. After an interrupted call, `keep`
/// leaves the restoring to the delivery of the signal, which restores the mask after the handler.
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
