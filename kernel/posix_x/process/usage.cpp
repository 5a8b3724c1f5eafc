#include "posix_x/process/usage.hpp"

#include <algorithm>

namespace exo::posix_x {

/// The run time is exact. It is divided in proportion to the samples in both modes, as in Linux
/// (cputime_adjust). Without a sample in the kernel all of it counts as user time.
ResourceUsage to_usage(const scheduler::CpuUse& use) {
    ResourceUsage usage;
    const u64 samples = use.user_samples + use.kernel_samples;
    if (samples > 0) {
        const auto product = static_cast<unsigned __int128>(use.run_time) * use.kernel_samples;
        // A division by 128 bits takes thousands of instructions.
        const bool is_short = product >> 64 == 0;
        usage.system_time = is_short ? static_cast<u64>(product) / samples
                                     : static_cast<time::Nanoseconds>(product / samples);
    }
    usage.user_time = use.run_time - usage.system_time;
    usage.minor_faults = use.minor_faults;
    usage.voluntary_switches = use.voluntary_switches;
    usage.involuntary_switches = use.involuntary_switches;
    return usage;
}

namespace {

/// The peak of the calling task's address space, which needs no lock. The task has no space while it ends.
u64 peak_of_current() {
    const Ref<vm::AddressSpace>& space = current_task().shared_space();
    return space ? space->peak_resident() : 0;
}

}  // namespace

ResourceUsage usage_of_current_task() {
    ResourceUsage usage = to_usage(current_task().thread->cpu_use());
    usage.max_resident_pages = peak_of_current();
    return usage;
}

ResourceUsage usage_of(Process& process) {
    UsageWalk walk;
    {
        auto state = process.signals.lock();
        walk.usage = state->ended_usage;
        Task* only = state->tasks.front();
        if (only == nullptr || only == state->tasks.back()) {
            if (only != nullptr) walk.usage.add(to_usage(only->thread->cpu_use()));
            return walk.usage;
        }
        state->usage_walks.push_back(walk);
    }
    for_each_task(process, [&](ProcessSignals&, const Task& task) {
        walk.place = task.place;
        walk.usage.add(to_usage(task.thread->cpu_use()));
    });
    const auto state = process.signals.lock();
    state->usage_walks.remove(walk);
    return walk.usage;
}

ResourceUsage usage_of_current_process() {
    ResourceUsage usage = usage_of(current_process());
    usage.max_resident_pages = std::max(usage.max_resident_pages, peak_of_current());
    return usage;
}

}  // namespace exo::posix_x
