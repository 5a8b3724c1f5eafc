// How poll, select and epoll wait for a file: the file adds its wait queues to a PollTable and returns the
// events that are ready.
#pragma once

#include "abi/linux/poll.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/box.hpp"
#include "utils/object.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

using abi::PollEvents;

/// Converts poll events to the events of a wake-up.
constexpr scheduler::WakeEvents wake_events(PollEvents events) { return static_cast<u16>(events); }

class PollTable {
  public:
    /// Adds a wait queue. A file calls this before it looks at its state, so that no change is missed.
    /// `keeper` keeps the queue alive if the file itself does not.
    virtual void add(scheduler::WaitQueue& queue, Object* keeper = nullptr) = 0;

  protected:
    ~PollTable() = default;
};

/// A PollTable that puts the calling thread into every queue until the table is destroyed. The files must
/// outlive it.
class ThreadPollTable final : public PollTable {
  public:
    void add(scheduler::WaitQueue& queue, Object* keeper = nullptr) override;
    /// Whether all queues were entered. Errors: Enomem: a queue is missing, so its wake-ups would be missed.
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
