#include "posix_x/signal/signal_mask.hpp"

namespace exo::posix_x {

void set_blocked_signals(Task& task, SignalSet blocked) {
    auto state = task.process->signals.lock();
    task.blocked = blocked & ~UNBLOCKABLE_SIGNALS;
    if (!((task.pending.set() | state->pending.set()) & ~task.blocked).is_empty())
        task.thread->add_work(scheduler::Work::Signal);
}

}  // namespace exo::posix_x
