#include "posix_x/process/usage.hpp"

namespace exo::posix_x {

/// Run time is exact; it is divided by the samples that fell into either mode, as Linux does (cputime_adjust). Without
/// a sample in the kernel it counts as the program's.
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

ResourceUsage usage_of(Task& task) {
    ResourceUsage usage = to_usage(task.thread->cpu_use());
    Ref<vm::AddressSpace> space;
    {
        auto guard = task.task_lock.lock();
        space = task.space;
    }
    if (space) usage.max_resident_pages = space->peak_resident();
    return usage;
}

}  // namespace exo::posix_x
