// CPU time and memory of processes: times, getrusage.
#include "posix_x/time/cpu_time_calls.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/rusage.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/time/clocks.hpp"

namespace exo::posix_x {

namespace {

using abi::UsageOf;

ResourceUsage usage_of_children(Process& process) {
    auto tree = PROCESSES.lock();
    return process.links(*tree).children_usage;
}

}  // namespace

Result<> sys_getrusage(Context&, UsageOf whose, vm::UserOut<abi::rusage> out) {
    switch (whose) {
        case UsageOf::Self: return out.write(to_abi(usage_of_current_process()));
        case UsageOf::Thread: return out.write(to_abi(usage_of_current_task()));
        case UsageOf::Children: return out.write(to_abi(usage_of_children(current_process())));
    }
    return Error::Einval;
}

/// Returns the time since boot. Some values look like error numbers; the interface cannot tell them apart
/// (times(2)).
Answer<ClockTicks> sys_times(Context&, OrNull<vm::UserOut<abi::tms>> out) {
    if (!out.is_null()) {
        const ResourceUsage self = usage_of_current_process();
        const ResourceUsage children = usage_of_children(current_process());
        const auto ticks = [](Nanoseconds time) { return static_cast<i64>(time / CLOCK_TICK); };
        TRY(out.write({ticks(self.user_time), ticks(self.system_time), ticks(children.user_time),
                       ticks(children.system_time)}));
    }
    return time::monotonic() / CLOCK_TICK;
}

}  // namespace exo::posix_x
