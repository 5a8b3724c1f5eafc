// sched_*, getpriority, setpriority (sched(7)).
//
// Every policy maps to one scale of urgencies (scheduler/urgency.hpp): FIFO and RR by their static priority, OTHER and BATCH by the
// nice value, IDLE behind all of them.
#include "posix_x/scheduling/scheduling_calls.hpp"

#include "posix_x/scheduling/scheduling.hpp"

#include <algorithm>

#include "abi/linux/scheduling.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/preemption.hpp"
#include "scheduler/run_queue.hpp"

namespace exo::posix_x {

namespace {

constexpr i32 LOWEST_NICE = -20;
constexpr i32 HIGHEST_NICE = 19;

using abi::PriorityOf;
using abi::sched_param;

constexpr bool is_realtime(Policy policy) { return policy == Policy::Fifo || policy == Policy::RoundRobin; }

/// Finds a task; 0 is the caller. Errors: Einval (negative), Esrch.
Result<Ref<Task>> find_task(ProcessOrSelf pid) {
    if (pid.value < 0) return Error::Einval;
    if (pid.value == 0) return Ref<Task>(&current_task());
    Ref<Task> task = PROCESSES.find_task(pid.value);
    if (!task) return Error::Esrch;
    return task;
}

/// Whether the caller's effective id is the target's real or effective one, or the caller has CAP_SYS_NICE.
bool may_schedule(Task& target) {
    const Identity& caller = current_task().identity();
    if (caller.can(Capability::SysNice)) return true;
    const Ref<Identity> owner = target.shared_identity();
    return caller.euid == owner->uid || caller.euid == owner->euid;
}

/// LINUX: cap_safe_nice: a task with more capabilities than the caller may not be changed.
Result<> check_not_above_caller(Task& target) {
    const Identity& caller = current_task().identity();
    const Ref<Identity> owner = target.shared_identity();
    const bool is_above = (owner->permitted & ~caller.permitted) != 0;
    return is_above && !caller.can(Capability::SysNice) ? Result<>(Error::Eperm) : Result<>();
}

}  // namespace

scheduler::Urgency urgency_of(const Scheduling& scheduling) {
    constexpr i32 MOST_PRIORITY = 99;
    const i32 wanted = is_realtime(scheduling.policy)      ? MOST_PRIORITY - scheduling.priority
                       : scheduling.policy == Policy::Idle ? scheduler::IDLE_URGENCY
                                                           : scheduler::DEFAULT_URGENCY + scheduling.nice;
    return static_cast<scheduler::Urgency>(wanted);
}

scheduler::RealtimePolicy realtime_policy_of(const Scheduling& scheduling) {
    return scheduling.policy == Policy::RoundRobin ? scheduler::RealtimePolicy::RoundRobin
                                                   : scheduler::RealtimePolicy::Fifo;
}

Result<> sys_sched_yield(Context&) {
    scheduler::SCHEDULER.yield_now();
    return {};
}

static Scheduling scheduling_of(Task& task) { return *task.scheduling.lock(); }

/// Stores the settings and informs the scheduler. For a zombie the settings are only stored.
static void put_in_place(Task& task, Scheduling wanted) {
    auto state = task.process->signals.lock();  // keeps the thread from ending
    {
        auto scheduling = task.scheduling.lock();
        const bool becomes_realtime = wanted.is_realtime() && !scheduling->is_realtime();
        wanted.realtime_since = scheduling->realtime_since;
        if (becomes_realtime && task.thread != nullptr)
            wanted.realtime_since = task.thread->cpu_use().run_time;
        *scheduling = wanted;
    }
    if (task.thread == nullptr) return;
    scheduler::SCHEDULER.set_urgency(*task.thread, urgency_of(wanted), realtime_policy_of(wanted));
    scheduler::set_own_urgency(*task.thread, urgency_of(wanted));
    Ref<scheduler::Thread> thread(task.thread);
    state.unlock();
    // LINUX: rt_mutex_adjust_pi: the owner of the lock that it waits for inherits the new urgency.
    scheduler::spread_urgency(std::move(thread));
}

// ---- Policies

using abi::SchedulingFlags;

Answer<PolicyWord> sys_sched_getscheduler(Context&, ProcessOrSelf pid) {
    const Scheduling now = scheduling_of(*TRY(find_task(pid)));
    return std::to_underlying(now.policy) | (now.resets_on_fork ? abi::raw(SchedulingFlags::ResetOnFork) : 0);
}

/// LINUX: user_check_sched_setscheduler: checks a change by a caller without CAP_SYS_NICE.
static Result<> check_change(Task& task, const Scheduling& now, const Scheduling& wanted) {
    if (current_task().identity().can(Capability::SysNice)) return {};
    const u64 limit = task.process->limit(Resource::RealtimePriority);
    if (is_realtime(wanted.policy)) {
        if (wanted.policy != now.policy && limit == 0) return Error::Eperm;
        if (wanted.priority > now.priority && static_cast<u64>(wanted.priority) > limit) return Error::Eperm;
    }
    const bool may_be_nice = static_cast<u64>(20 - now.nice) <= task.process->limit(Resource::Nice);
    if (now.policy == Policy::Idle && wanted.policy != Policy::Idle && !may_be_nice) return Error::Eperm;
    if (!may_schedule(task)) return Error::Eperm;
    if (now.resets_on_fork && !wanted.resets_on_fork) return Error::Eperm;
    return {};
}

static constexpr bool is_valid(const Scheduling& wanted) {
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

/// Sets the policy and the priority. The nice value does not change.
static Result<> set_scheduling(Task& task, Scheduling wanted) {
    if (!is_valid(wanted)) return Error::Einval;
    const Scheduling now = scheduling_of(task);
    TRY(check_change(task, now, wanted));
    TRY(check_not_above_caller(task));
    wanted.nice = now.nice;
    put_in_place(task, wanted);
    return {};
}

Result<> sys_sched_setscheduler(Context&, ProcessOrSelf pid, PolicyWord policy,
                                vm::UserIn<sched_param> parameters) {
    if (static_cast<i32>(policy.value) < 0 || pid < 0 || parameters.is_null()) return Error::Einval;
    const i32 priority = TRY(parameters.read()).sched_priority;
    const bool resets = (policy.value & abi::raw(SchedulingFlags::ResetOnFork)) != 0;
    return set_scheduling(*TRY(find_task(pid)), {policy.choice(), priority, resets});
}

Result<> sys_sched_getparam(Context&, ProcessOrSelf pid, vm::UserOut<sched_param> out) {
    if (out.is_null()) return Error::Einval;
    return out.write({scheduling_of(*TRY(find_task(pid))).priority});
}

Result<> sys_sched_setparam(Context&, ProcessOrSelf pid, vm::UserIn<sched_param> parameters) {
    if (pid < 0 || parameters.is_null()) return Error::Einval;
    const i32 priority = TRY(parameters.read()).sched_priority;
    const Ref<Task> task = TRY(find_task(pid));
    Scheduling wanted = scheduling_of(*task);
    wanted.priority = priority;
    return set_scheduling(*task, wanted);
}

/// Returns Linux's values for every policy that Linux knows, whether or not this kernel supports it.
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

/// LINUX: FIFO has no time slice, so the call returns 0.
static Nanoseconds slice_of(Policy policy) {
    if (policy == Policy::Fifo) return 0;
    return policy == Policy::RoundRobin ? scheduler::ROUND_ROBIN_SLICE
                                        : scheduler::time_slice(scheduler::QueueType::Normal);
}

Result<> sys_sched_rr_get_interval(Context&, ProcessOrSelf pid, vm::UserOut<abi::timespec> out) {
    return out.write(to_timespec(slice_of(scheduling_of(*TRY(find_task(pid))).policy)));
}

// ---- Attributes

using abi::sched_attr;
using abi::SchedulingAttributeFlags;

/// Reads the structure. LINUX: sched_copy_attr. If it is too long, the supported size is written back.
/// Errors: E2big, Einval, Efault.
static Result<sched_attr> read_attributes(u64 address) {
    u32 size = TRY(vm::UserIn<u32>(address).read());
    if (size == 0) size = abi::SCHED_ATTR_SHORTEST;
    const auto refuse_size = [&]() -> Result<sched_attr> {
        (void)vm::UserOut<u32>(address).write(sizeof(sched_attr));
        return Error::E2big;
    };
    if (size < abi::SCHED_ATTR_SHORTEST || size > PAGE_SIZE) return refuse_size();
    sched_attr attributes{};
    for (u64 at = sizeof(attributes); at < size; ++at)
        if (TRY(vm::UserIn<u8>(address + at).read()) != 0) return refuse_size();
    // SAFETY: bytes of a structure of integers.
    TRY(vm::read_user(address,
                      {reinterpret_cast<u8*>(&attributes), std::min<u64>(size, sizeof(attributes))}));
    constexpr u64 UTILIZATION =
        raw(SchedulingAttributeFlags::UtilizationMin | SchedulingAttributeFlags::UtilizationMax);
    if ((attributes.sched_flags & UTILIZATION) != 0 && size < sizeof(attributes)) return Error::Einval;
    attributes.sched_nice = std::clamp(attributes.sched_nice, LOWEST_NICE, HIGHEST_NICE);
    return attributes;
}

/// LINUX: __checkparam_dl.
static bool is_valid_deadline(const sched_attr& attributes) {
    constexpr u64 LEAST_RUNTIME = 1024;
    constexpr u64 LONGEST_PERIOD = (1ULL << 22) * time::MICROSECOND;
    constexpr u64 SHORTEST_PERIOD = 100 * time::MICROSECOND;
    const u64 period = attributes.sched_period != 0 ? attributes.sched_period : attributes.sched_deadline;
    if (attributes.sched_deadline == 0 || attributes.sched_runtime < LEAST_RUNTIME) return false;
    if ((attributes.sched_deadline >> 63) != 0 || (attributes.sched_period >> 63) != 0) return false;
    if (period < attributes.sched_deadline || attributes.sched_deadline < attributes.sched_runtime)
        return false;
    return period >= SHORTEST_PERIOD && period <= LONGEST_PERIOD;
}

/// LINUX: __sched_setscheduler.
static Result<> set_attributes(Task& task, sched_attr attributes) {
    constexpr u64 KNOWN = 127;
    constexpr u64 UTILIZATION =
        raw(SchedulingAttributeFlags::UtilizationMin | SchedulingAttributeFlags::UtilizationMax);
    const auto flags = static_cast<SchedulingAttributeFlags>(attributes.sched_flags);
    const Scheduling now = scheduling_of(task);
    const bool keeps_policy = has(flags, SchedulingAttributeFlags::KeepPolicy);
    const bool keeps_parameters = has(flags, SchedulingAttributeFlags::KeepParameters);
    if (keeps_parameters) {
        if (is_realtime(now.policy))
            attributes.sched_priority = static_cast<u32>(now.priority);
        else
            attributes.sched_nice = now.nice;
    }
    Scheduling wanted = now;
    if (!keeps_policy) {
        wanted.policy = static_cast<Policy>(attributes.sched_policy);
        wanted.resets_on_fork = has(flags, SchedulingAttributeFlags::ResetOnFork);
    }
    const bool is_deadline = wanted.policy == Policy::Deadline;
    if (!is_deadline && !is_valid({wanted.policy, is_realtime(wanted.policy) ? 1 : 0, false, 0}))
        return Error::Einval;
    if ((attributes.sched_flags & ~KNOWN) != 0) return Error::Einval;
    if (attributes.sched_priority > 99 || (is_deadline && !is_valid_deadline(attributes)) ||
        is_realtime(wanted.policy) != (attributes.sched_priority != 0))
        return Error::Einval;
    wanted.priority = static_cast<i32>(attributes.sched_priority);
    const bool has_nice = wanted.policy == Policy::Other || wanted.policy == Policy::Batch;
    if (has_nice) wanted.nice = attributes.sched_nice;
    const bool can_all = current_task().identity().can(Capability::SysNice);
    if (!can_all &&
        (is_deadline ||
         (wanted.nice<now.nice&& static_cast<u64>(20 - wanted.nice)> task.process->limit(Resource::Nice))))
        return Error::Eperm;
    TRY(check_change(task, now, wanted));
    TRY(check_not_above_caller(task));
    if ((attributes.sched_flags & UTILIZATION) != 0) return Error::Eopnotsupp;
    // There is no bandwidth for deadlines. LINUX: as where other threads have all of it.
    if (is_deadline) return Error::Ebusy;
    if (keeps_parameters) {
        Scheduling kept = now;
        kept.resets_on_fork = wanted.resets_on_fork;
        wanted = kept;
    }
    put_in_place(task, wanted);
    return {};
}

Result<> sys_sched_setattr(Context&, ProcessOrSelf pid, vm::UserIn<sched_attr> in,
                           Number<Kind::Zero, u32> flags) {
    if (in.is_null() || pid < 0 || flags != 0) return Error::Einval;
    const sched_attr attributes = TRY(read_attributes(in.address()));
    if (static_cast<i32>(attributes.sched_policy) < 0) return Error::Einval;
    return set_attributes(*TRY(find_task(pid)), attributes);
}

/// Writes only the first `size` bytes; the structure contains their number.
Result<> sys_sched_getattr(Context&, ProcessOrSelf pid, OutBytes<2> out, Size32 size,
                           Number<Kind::Zero, u32> flags) {
    if (out.address == 0 || pid < 0 || size > PAGE_SIZE || size < abi::SCHED_ATTR_SHORTEST || flags != 0)
        return Error::Einval;
    const Scheduling now = scheduling_of(*TRY(find_task(pid)));
    sched_attr attributes{};
    attributes.size = std::min<u32>(size, sizeof(attributes));
    attributes.sched_policy = std::to_underlying(now.policy);
    if (now.resets_on_fork) attributes.sched_flags = raw(SchedulingAttributeFlags::ResetOnFork);
    if (is_realtime(now.policy))
        attributes.sched_priority = static_cast<u32>(now.priority);
    else
        attributes.sched_nice = now.nice;
    if (!memory::is_user_range(out.address, size)) return Error::Efault;
    // SAFETY: bytes of a structure of integers.
    return vm::write_user(out.address, {reinterpret_cast<const u8*>(&attributes), attributes.size});
}

// ---- CPUs

/// LINUX: a negative number is not EINVAL here: no process has it.
static Result<Ref<Task>> find_for_affinity(ProcessOrSelf pid) {
    if (pid.value < 0) return Error::Esrch;
    return find_task(pid);
}

Answer<Size> sys_sched_getaffinity(Context&, ProcessOrSelf pid, Size32 size, OutBytes<1> out) {
    constexpr u32 BITS_PER_BYTE = 8;
    const bool holds_all = u32{size} * BITS_PER_BYTE >= online_cpus();  // in 32 bits, as on Linux
    if (!holds_all || size % sizeof(u64) != 0) return Error::Einval;
    const Ref<Task> task = TRY(find_for_affinity(pid));
    u64 allowed = scheduler::SCHEDULER.cpus();
    {
        auto state = task->process->signals.lock();
        if (task->thread != nullptr) allowed &= task->thread->allowed_cpus();
    }
    TRY(vm::UserOut<u64>(out.address).write(allowed));
    return u64{sizeof(u64)};
}

/// LINUX: a mask counts as far as it names CPUs that run.
Result<> sys_sched_setaffinity(Context&, ProcessOrSelf pid, Size32 size, InBytes<1> in) {
    u64 mask = 0;
    // SAFETY: the bytes of an integer, the first ones its lower bits.
    if (size != 0)
        TRY(vm::read_user(in.address, {reinterpret_cast<u8*>(&mask), std::min<usize>(size, sizeof(mask))}));
    const Ref<Task> task = TRY(find_for_affinity(pid));
    if (!may_schedule(*task)) return Error::Eperm;
    TRY(check_not_above_caller(*task));
    mask &= scheduler::SCHEDULER.cpus();
    if (mask == 0) return Error::Einval;
    auto state = task->process->signals.lock();
    if (task->thread != nullptr) scheduler::SCHEDULER.allow_cpus(*task->thread, mask);
    return {};
}

// ---- Nice values

/// Calls `visit` for each task of a process, and for a leader that has ended, with a reference and without locks. LINUX: a leader stays
/// among the threads of its process until it is reaped.
static void for_each_task(Process& process, FunctionRef<void(Task&)> visit) {
    Ref<Task> task;
    Ref<Task> ended_leader;
    {
        auto state = process.signals.lock();
        if (state->leader && !state->leader->process_link.is_linked()) ended_leader = state->leader;
        task = Ref<Task>(state->tasks.front());
    }
    if (ended_leader) visit(*ended_leader);
    while (task) {
        visit(*task);
        scheduler::preempt_point();
        auto state = process.signals.lock();
        // A task that ended meanwhile has no successor: those behind it are missed, as if the caller had come later.
        Task* next = task->process_link.is_linked() ? state->tasks.after(*task) : nullptr;
        Ref<Task> following(next);
        state.unlock();
        task = std::move(following);
    }
}

/// Calls `visit`, without locks, for each task that `which` and `who` select.
static Result<> for_each_named(PriorityOf which, i32 who, FunctionRef<void(Task&)> visit) {
    Task& caller = current_task();
    switch (which) {
        case PriorityOf::Process: {
            const Ref<Task> task = who == 0 ? Ref<Task>(&caller) : PROCESSES.find_task(who);
            if (task) visit(*task);
            return {};
        }
        case PriorityOf::Group:
            for (Ref<Process>& entry :
                 TRY(PROCESSES.members_of(who != 0 ? who : PROCESSES.group_of(*caller.process)))) {
                const Ref<Process> member = std::move(entry);  // dropped here, not all of them at the end
                for_each_task(*member, visit);
            }
            return {};
        case PriorityOf::User:
            PROCESSES.for_each([&](Process& process) {
                for_each_task(process, [&](Task& task) {
                    if (task.real_user() == (who != 0 ? static_cast<u32>(who) : caller.identity().uid))
                        visit(task);
                });
            });
            return {};
    }
    return Error::Einval;
}

/// The most favourable nice value of the selected tasks, as 20 - nice: 1 to 40 (getpriority(2), "C
/// library/kernel differences").
Answer<NiceDistance> sys_getpriority(Context&, PriorityOf which, SelectedId<0> who) {
    i32 best = 0;
    TRY(for_each_named(
        which, who, [&](Task& task) { best = std::max(best, 20 - scheduling_of(task).nice); }));
    if (best == 0) return Error::Esrch;
    return static_cast<u32>(best);
}

/// Changes a task's nice value. Errors: Eperm, Eacces.
static Result<> set_nice(Task& task, i32 nice) {
    if (!may_schedule(task)) return Error::Eperm;
    const bool is_allowed = static_cast<u64>(20 - nice) <= task.process->limit(Resource::Nice) ||
                            current_task().identity().can(Capability::SysNice);
    Scheduling wanted = scheduling_of(task);
    if (nice < wanted.nice && !is_allowed) return Error::Eacces;
    TRY(check_not_above_caller(task));
    wanted.nice = nice;
    put_in_place(task, wanted);
    return {};
}

Result<> sys_setpriority(Context&, PriorityOf which, SelectedId<0> who, NiceValue wanted) {
    const i32 nice = std::clamp<i32>(wanted, LOWEST_NICE, HIGHEST_NICE);
    Result<> result = Error::Esrch;
    TRY(for_each_named(
        which, who,
        [&](Task& task) {
            const Result<> one = set_nice(task, nice);
            const bool is_first = !result && result.error() == Error::Esrch;
            // LINUX: of several that fail one tells why: the oldest of a group, the youngest of a user.
            if (is_first || (!one && (result || which == PriorityOf::User))) result = one;
        }));
    return result;
}

}  // namespace exo::posix_x
