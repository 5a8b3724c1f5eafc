// How poll, select and epoll learn where to wait: a file adds its wait queues to a PollTable and says what is ready.
#pragma once

#include "abi/linux/poll.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/box.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

using abi::PollEvents;

class PollTable {
  public:
    /// Called before the state is looked at, so that no change is missed.
    virtual void add(scheduler::WaitQueue& queue) = 0;

  protected:
    ~PollTable() = default;
};

/// Puts the calling thread into every queue, until it is destroyed. The files must outlive it.
class ThreadPollTable final : public PollTable {
  public:
    void add(scheduler::WaitQueue& queue) override;
    /// A queue could not be entered: its file would be missed. Errors: Enomem.
    Result<> status() const { return status_; }
    /// Leaves all queues.
    void clear();

  private:
    static constexpr usize INLINE_WAITERS = 4;
    scheduler::Waiter first_[INLINE_WAITERS];
    usize used_ = 0;
    Vector<Box<scheduler::Waiter>> more_;
    Result<> status_;
};

}  // namespace exo::fs
