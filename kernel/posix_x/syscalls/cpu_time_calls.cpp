// What processes have used: times, getrusage.
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/rusage.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/syscalls/clocks.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

enum class UsageOf : i32 { Self = 0, Children = -1, Thread = 1 };

ResourceUsage usage_of_children(Process& process) {
    auto tree = PROCESSES.lock();
    return process.children_usage;
}

Result<> sys_getrusage(Context&, i32 whose, vm::UserOut<abi::rusage> out) {
    switch (static_cast<UsageOf>(whose)) {
        case UsageOf::Self:
        case UsageOf::Thread: return out.write(to_abi(usage_of(current_task())));
        case UsageOf::Children: return out.write(to_abi(usage_of_children(current_process())));
    }
    return Error::Einval;
}

/// The value is the time since boot; that it may look like an error number is the interface's fault (times(2)).
Result<u64> sys_times(Context&, vm::UserOut<abi::tms> out) {
    if (!out.is_null()) {
        const ResourceUsage self = usage_of(current_task());
        const ResourceUsage children = usage_of_children(current_process());
        const auto ticks = [](Nanoseconds time) { return static_cast<i64>(time / CLOCK_TICK); };
        TRY(out.write({ticks(self.user_time), ticks(self.system_time), ticks(children.user_time),
                       ticks(children.system_time)}));
    }
    return time::monotonic() / CLOCK_TICK;
}

}  // namespace

Result<> register_cpu_time_calls() {
    using syscall::register_call;
    TRY(register_call<sys_getrusage>(98, "getrusage"));
    return register_call<sys_times>(100, "times");
}

}  // namespace exo::posix_x
