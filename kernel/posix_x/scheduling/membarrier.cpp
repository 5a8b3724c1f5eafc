// membarrier(2): a memory barrier on each CPU that runs a thread of the caller's program, or of all that have asked for it.
#include "abi/linux/membarrier.hpp"

#include "posix_x/process/process.hpp"
#include "posix_x/scheduling/rseq_calls.hpp"
#include "sync/cpu_barrier.hpp"

namespace exo::posix_x {

namespace {

using abi::MembarrierCommand;
using abi::MembarrierFlags;
using sync::BarrierKind;

constexpr u32 ALL_COMMANDS = 2 * abi::raw_command(MembarrierCommand::RegisterPrivateExpeditedRseq) - 1;

/// Stores a registration as the bit of the command that requires it. fork copies the registrations; execve
/// clears them.
void register_for(MembarrierCommand needs_it) {
    current_task().image().barriers.fetch_or(abi::raw_command(needs_it), std::memory_order_seq_cst);
}

/// Runs a private command. Errors: Eperm (the program has not registered).
Result<> run_private(MembarrierCommand command, BarrierKind kind) {
    const u32 registered = current_task().image().barriers.load(std::memory_order_seq_cst);
    if ((registered & abi::raw_command(command)) == 0) return Error::Eperm;
    sync::barrier_on_all_cpus(kind);
    return {};
}

/// Runs a command. Errors: Eperm, Einval.
Result<> run(MembarrierCommand command) {
    switch (command) {
        case MembarrierCommand::Query: return {};
        // LINUX: GLOBAL waits until each CPU has passed the scheduler, GLOBAL_EXPEDITED interrupts those whose program has registered.
        case MembarrierCommand::Global:
        case MembarrierCommand::GlobalExpedited: sync::barrier_on_all_cpus(BarrierKind::Memory); return {};
        case MembarrierCommand::RegisterGlobalExpedited:
            register_for(MembarrierCommand::GlobalExpedited);
            return {};
        case MembarrierCommand::PrivateExpedited: return run_private(command, BarrierKind::Memory);
        case MembarrierCommand::RegisterPrivateExpedited:
            register_for(MembarrierCommand::PrivateExpedited);
            return {};
        case MembarrierCommand::PrivateExpeditedSyncCore: return run_private(command, BarrierKind::Core);
        case MembarrierCommand::RegisterPrivateExpeditedSyncCore:
            register_for(MembarrierCommand::PrivateExpeditedSyncCore);
            return {};
        // Critical sections of threads that do not run are left anyway before they run again.
        case MembarrierCommand::PrivateExpeditedRseq:
            return run_private(command, BarrierKind::RestartableSequences);
        case MembarrierCommand::RegisterPrivateExpeditedRseq:
            register_for(MembarrierCommand::PrivateExpeditedRseq);
            return {};
    }
    return Error::Einval;
}

}  // namespace

/// LINUX: MEMBARRIER_CMD_FLAG_CPU selects one CPU, and an invalid number is not an error. This kernel uses
/// all CPUs, which includes that one.
Answer<Count32> sys_membarrier(Context&, MembarrierCommand command, MembarrierFlags flags, CpuNumber) {
    const bool may_name_cpu = command == MembarrierCommand::PrivateExpeditedRseq;
    if (flags != MembarrierFlags::None && !(may_name_cpu && flags == MembarrierFlags::Cpu))
        return Error::Einval;
    TRY(run(command));
    return command == MembarrierCommand::Query ? ALL_COMMANDS : 0;
}

}  // namespace exo::posix_x
