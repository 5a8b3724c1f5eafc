#include "posix_x/signal/signal_mask.hpp"

namespace exo::posix_x {

void set_blocked_signals(Task& task, SignalSet blocked) {
    auto state = task.process->signals.lock();
    Task::Signals& own = task.signals(*state);
    const SignalSet before = own.blocked;
    own.blocked = blocked & ~UNBLOCKABLE_SIGNALS;
    const SignalSet newly_blocked = own.blocked & ~before;
    if (state->live_tasks > 1 && !(state->pending.set() & newly_blocked).is_empty()) [[unlikely]]
        retarget(*state, task, newly_blocked);
    if (!((own.pending.set() | state->pending.set()) & ~own.blocked).is_empty())
        task.thread->add_work(scheduler::Work::Signal);
}

}  // namespace exo::posix_x
