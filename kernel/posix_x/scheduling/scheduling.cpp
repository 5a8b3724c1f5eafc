// sched_*, getpriority, setpriority (sched(7)).
//
// Policies become the scheduler's priorities: FIFO and RR are Realtime, which is served before all others whatever the
// static priority, in turns of a time slice; IDLE is Idle; OTHER and BATCH are by the nice value.
#include "posix_x/scheduling/scheduling.hpp"

#include <algorithm>

#include "abi/linux/scheduling.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/run_queue.hpp"

namespace exo::posix_x {

namespace {

using scheduler::ThreadPriority;

constexpr i32 LOWEST_NICE = -20;
constexpr i32 HIGHEST_NICE = 19;
constexpr u64 ONLINE_MASK = (1ULL << ONLINE_CPUS) - 1;

using abi::PriorityOf;
using abi::sched_param;
using Policy = abi::SchedulingPolicy;
using ProcessOrSelf = PidOf<PidUse::ProcessOrSelf>;

constexpr bool is_realtime(Policy policy) { return policy == Policy::Fifo || policy == Policy::RoundRobin; }

constexpr ThreadPriority priority_for(Policy policy, i32 nice) {
    if (is_realtime(policy)) return ThreadPriority::Realtime;
    if (policy == Policy::Idle) return ThreadPriority::Idle;
    if (nice < -4) return ThreadPriority::High;
    return nice > 4 ? ThreadPriority::Low : ThreadPriority::Normal;
}

/// 0 is the caller. Errors: Einval (negative), Esrch.
Result<Ref<Process>> find_process(ProcessOrSelf pid) {
    if (pid.value < 0) return Error::Einval;
    if (pid.value == 0) return current_task().process;
    Ref<Process> process = PROCESSES.find(pid.value);
    if (!process) return Error::Esrch;
    return process;
}

/// The caller's effective id is the target's real or effective one, or it has CAP_SYS_NICE.
bool may_schedule(Process& target) {
    const Identity& caller = *current_task().identity;
    if (caller.can(Capability::SysNice)) return true;
    const Ref<Identity> owner = identity_of(target);
    return owner && (caller.euid == owner->uid || caller.euid == owner->euid);
}

/// LINUX: cap_safe_nice: whoever has more capabilities is left alone.
Result<> check_not_above_caller(Process& target) {
    const Identity& caller = *current_task().identity;
    const Ref<Identity> owner = identity_of(target);
    const bool is_above = owner && (owner->permitted & ~caller.permitted) != 0;
    return is_above && !caller.can(Capability::SysNice) ? Result<>(Error::Eperm) : Result<>();
}

Result<> sys_sched_yield(Context&) {
    scheduler::SCHEDULER.yield_now();
    return {};
}

/// Lets the scheduler know what has been set.
void apply(Process& process) {
    const ThreadPriority priority = priority_for(process.scheduling.policy, process.nice);
    auto state = process.signals.lock();  // keeps the task from ending
    if (state->task != nullptr) scheduler::SCHEDULER.set_priority(*state->task->thread, priority);
}

// ---- Policies

using abi::SchedulingFlags;

/// The flag says that children get the default policy.
using PolicyWord = ChoiceWith<Policy, SchedulingFlags>;

Answer<PolicyWord> sys_sched_getscheduler(Context&, ProcessOrSelf pid) {
    const Scheduling& now = TRY(find_process(pid))->scheduling;
    return std::to_underlying(now.policy) | (now.resets_on_fork ? abi::raw(SchedulingFlags::ResetOnFork) : 0);
}

/// LINUX: user_check_sched_setscheduler: what a process without CAP_SYS_NICE may change.
Result<> check_change(Process& process, const Scheduling& wanted) {
    if (current_task().identity->can(Capability::SysNice)) return {};
    const Scheduling& now = process.scheduling;
    const u64 limit = process.limit(Resource::RealtimePriority);
    if (is_realtime(wanted.policy)) {
        if (wanted.policy != now.policy && limit == 0) return Error::Eperm;
        if (wanted.priority > now.priority && static_cast<u64>(wanted.priority) > limit) return Error::Eperm;
    }
    const bool may_be_nice = static_cast<u64>(20 - process.nice) <= process.limit(Resource::Nice);
    if (now.policy == Policy::Idle && wanted.policy != Policy::Idle && !may_be_nice) return Error::Eperm;
    if (!may_schedule(process)) return Error::Eperm;
    if (now.resets_on_fork && !wanted.resets_on_fork) return Error::Eperm;
    return {};
}

constexpr bool is_valid(const Scheduling& wanted) {
    switch (wanted.policy) {
        case Policy::Fifo:
        case Policy::RoundRobin: return wanted.priority >= 1 && wanted.priority <= 99;
        case Policy::Other:
        case Policy::Batch:
        case Policy::Idle: return wanted.priority == 0;
        case Policy::Deadline: return false;  // has parameters that these calls do not carry
    }
    return false;
}

Result<> set_scheduling(Process& process, const Scheduling& wanted) {
    if (!is_valid(wanted)) return Error::Einval;
    TRY(check_change(process, wanted));
    TRY(check_not_above_caller(process));
    process.scheduling = wanted;
    apply(process);
    return {};
}

Result<> sys_sched_setscheduler(Context&, ProcessOrSelf pid, PolicyWord policy,
                                vm::UserIn<sched_param> parameters) {
    if (static_cast<i32>(policy.value) < 0 || pid < 0 || parameters.is_null()) return Error::Einval;
    const i32 priority = TRY(parameters.read()).sched_priority;
    const bool resets = (policy.value & abi::raw(SchedulingFlags::ResetOnFork)) != 0;
    return set_scheduling(*TRY(find_process(pid)), {policy.choice(), priority, resets});
}

Result<> sys_sched_getparam(Context&, ProcessOrSelf pid, vm::UserOut<sched_param> out) {
    if (out.is_null()) return Error::Einval;
    return out.write({ TRY(find_process(pid))->scheduling.priority});
}

Result<> sys_sched_setparam(Context&, ProcessOrSelf pid, vm::UserIn<sched_param> parameters) {
    if (pid < 0 || parameters.is_null()) return Error::Einval;
    const i32 priority = TRY(parameters.read()).sched_priority;
    Ref<Process> process = TRY(find_process(pid));
    Scheduling wanted = process->scheduling;
    wanted.priority = priority;
    return set_scheduling(*process, wanted);
}

/// What the numbers mean in Linux, whether or not the policy can be had here.
Answer<StaticPriority> sys_sched_get_priority_max(Context&, Policy policy) {
    switch (policy) {
        case Policy::Fifo:
        case Policy::RoundRobin: return 99;
        case Policy::Other:
        case Policy::Batch:
        case Policy::Idle:
        case Policy::Deadline: return 0;
    }
    return Error::Einval;
}

Answer<StaticPriority> sys_sched_get_priority_min(Context& context, Policy policy) {
    return TRY(sys_sched_get_priority_max(context, policy)) > 0 ? 1 : 0;
}

/// LINUX: FIFO has no end to its turn, and says 0.
Result<> sys_sched_rr_get_interval(Context&, ProcessOrSelf pid, vm::UserOut<abi::timespec> out) {
    const Ref<Process> process = TRY(find_process(pid));
    const bool is_endless = process->scheduling.policy == Policy::Fifo;
    return out.write(to_timespec(is_endless ? 0 : scheduler::time_slice(scheduler::QueueType::Normal)));
}

// ---- CPUs

/// LINUX: here a negative number is only that of no process.
Result<Ref<Process>> find_for_affinity(ProcessOrSelf pid) {
    if (pid.value < 0) return Error::Esrch;
    return find_process(pid);
}

Answer<Size> sys_sched_getaffinity(Context&, ProcessOrSelf pid, Size32 size, OutBytes<1> out) {
    constexpr u32 BITS_PER_BYTE = 8;
    const bool holds_all = u32{size} * BITS_PER_BYTE >= ONLINE_CPUS;  // in 32 bits, as on Linux
    if (!holds_all || size % sizeof(u64) != 0) return Error::Einval;
    TRY(find_for_affinity(pid));
    TRY(vm::UserOut<u64>(out.address).write(ONLINE_MASK));
    return u64{sizeof(u64)};
}

/// With one CPU there is one answer.
Result<> sys_sched_setaffinity(Context&, ProcessOrSelf pid, Size32 size, InBytes<1> in) {
    u64 mask = 0;
    // SAFETY: the bytes of an integer, the first ones its lower bits.
    if (size != 0)
        TRY(vm::read_user(in.address, {reinterpret_cast<u8*>(&mask), std::min<usize>(size, sizeof(mask))}));
    Ref<Process> process = TRY(find_for_affinity(pid));
    if (!may_schedule(*process)) return Error::Eperm;
    TRY(check_not_above_caller(*process));
    if ((mask & ONLINE_MASK) == 0) return Error::Einval;
    return {};
}

// ---- Nice values

/// Calls `visit` for each process that the pair names, without locks.
Result<> for_each_named(PriorityOf which, i32 who, FunctionRef<void(Process&)> visit) {
    Task& caller = current_task();
    switch (which) {
        case PriorityOf::Process: {
            Ref<Process> process = who == 0 ? caller.process : PROCESSES.find(who);
            if (process) visit(*process);
            return {};
        }
        case PriorityOf::Group:
            for (const Ref<Process>& member :
                 TRY(PROCESSES.members_of(who != 0 ? who : caller.process->group)))
                visit(*member);
            return {};
        case PriorityOf::User:
            PROCESSES.for_each([&](Process& process) {
                const Ref<Identity> owner = identity_of(process);
                if (owner && owner->uid == (who != 0 ? static_cast<u32>(who) : caller.identity->uid))
                    visit(process);
            });
            return {};
    }
    return Error::Einval;
}

/// The most favourable of those named, as 20 - nice: 1 to 40 (getpriority(2), "C library/kernel differences").
Answer<NiceDistance> sys_getpriority(Context&, PriorityOf which, SelectedId<0> who) {
    i32 best = 0;
    TRY(for_each_named(which, who, [&](Process& process) { best = std::max(best, 20 - process.nice); }));
    if (best == 0) return Error::Esrch;
    return static_cast<u32>(best);
}

/// Errors: Eperm, Eacces.
Result<> set_nice(Process& process, i32 nice) {
    if (!may_schedule(process)) return Error::Eperm;
    const bool is_allowed = static_cast<u64>(20 - nice) <= process.limit(Resource::Nice) ||
                            current_task().identity->can(Capability::SysNice);
    if (nice < process.nice && !is_allowed) return Error::Eacces;
    TRY(check_not_above_caller(process));
    process.nice = nice;
    apply(process);
    return {};
}

Result<> sys_setpriority(Context&, PriorityOf which, SelectedId<0> who, NiceValue wanted) {
    const i32 nice = std::clamp<i32>(wanted, LOWEST_NICE, HIGHEST_NICE);
    Result<> result = Error::Esrch;
    TRY(for_each_named(
        which, who,
        [&](Process& process) {
            const Result<> one = set_nice(process, nice);
            const bool is_first = !result && result.error() == Error::Esrch;
            // LINUX: of several that fail one tells why: the oldest of a group, the youngest of a user.
            if (is_first || (!one && (result || which == PriorityOf::User))) result = one;
        }));
    return result;
}

}  // namespace

Result<> register_scheduling_calls() {
    using syscall::register_call;
    TRY(register_call<sys_sched_yield>(24, "sched_yield"));
    TRY(register_call<sys_getpriority>(140, "getpriority"));
    TRY(register_call<sys_setpriority>(141, "setpriority"));
    TRY(register_call<sys_sched_setparam>(142, "sched_setparam"));
    TRY(register_call<sys_sched_getparam>(143, "sched_getparam"));
    TRY(register_call<sys_sched_setscheduler>(144, "sched_setscheduler"));
    TRY(register_call<sys_sched_getscheduler>(145, "sched_getscheduler"));
    TRY(register_call<sys_sched_get_priority_max>(146, "sched_get_priority_max"));
    TRY(register_call<sys_sched_get_priority_min>(147, "sched_get_priority_min"));
    TRY(register_call<sys_sched_rr_get_interval>(148, "sched_rr_get_interval"));
    TRY(register_call<sys_sched_setaffinity>(203, "sched_setaffinity"));
    return register_call<sys_sched_getaffinity>(204, "sched_getaffinity");
}

}  // namespace exo::posix_x
