#include "posix_x/signal/signal_wait.hpp"

#include "scheduler/parking.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

bool take(Task& task, SignalSet wanted, SignalInfo& out) {
    TakenSignal taken;
    if (!take_signal(*task.process->signals.lock(), task, wanted, taken)) return false;
    has_taken(*task.process, taken);
    out = taken.info;
    return true;
}

void set_awaited(Task& task, SignalSet wanted) {
    auto state = task.process->signals.lock();
    task.signals(*state).awaited = wanted;
}

}  // namespace

Result<SignalInfo> wait_for_signal(Task& task, SignalSet wanted, time::Deadline deadline) {
    SignalInfo info;
    if (take(task, wanted, info)) return info;
    // Signals are sent as to one that has them blocked (so they are kept even if they would be ignored), but wake us.
    set_awaited(task, wanted);
    const ScopeExit put_back{[&] { set_awaited(task, {}); }};
    while (true) {
        const Result<> parked = scheduler::park(scheduler::WaitMode::Interruptible, deadline);
        if (take(task, wanted, info)) return info;
        if (parked) continue;
        if (parked.error() == Error::Etimedout) return Error::Eagain;
        return Error::Eintr;
    }
}

}  // namespace exo::posix_x
