// How poll, select and epoll learn where to wait: a file adds its wait queues to a PollTable and says what is ready.
#pragma once

#include "abi/linux/poll.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/box.hpp"
#include "utils/object.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

using abi::PollEvents;

/// What a wake-up of a file's wait queue is about.
constexpr scheduler::WakeEvents wake_events(PollEvents events) { return static_cast<u16>(events); }

class PollTable {
  public:
    /// Called before the state is looked at, so that no change is missed. `keeper` has the queue if the polled file itself does not
    /// keep it alive.
    virtual void add(scheduler::WaitQueue& queue, Object* keeper = nullptr) = 0;

  protected:
    ~PollTable() = default;
};

/// Puts the calling thread into every queue, until it is destroyed. The files must outlive it.
class ThreadPollTable final : public PollTable {
  public:
    void add(scheduler::WaitQueue& queue, Object* keeper = nullptr) override;
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
