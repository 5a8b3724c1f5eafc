// The system calls of scheduling.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/scheduling.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using Policy = abi::SchedulingPolicy;
using ProcessOrSelf = PidOf<PidUse::ProcessOrSelf>;

/// A policy with a flag. The flag gives children the default policy (SCHED_RESET_ON_FORK).
using PolicyWord = ChoiceWith<Policy, abi::SchedulingFlags>;

Result<> sys_sched_yield(Context&);
Answer<PolicyWord> sys_sched_getscheduler(Context&, ProcessOrSelf pid);
Result<> sys_sched_setscheduler(Context&, ProcessOrSelf pid, PolicyWord policy,
                                vm::UserIn<abi::sched_param> parameters);
Result<> sys_sched_getparam(Context&, ProcessOrSelf pid, vm::UserOut<abi::sched_param> out);
Result<> sys_sched_setparam(Context&, ProcessOrSelf pid, vm::UserIn<abi::sched_param> parameters);
Answer<StaticPriority> sys_sched_get_priority_max(Context&, Policy policy);
Answer<StaticPriority> sys_sched_get_priority_min(Context& context, Policy policy);
Result<> sys_sched_rr_get_interval(Context&, ProcessOrSelf pid, vm::UserOut<abi::timespec> out);
Answer<Size> sys_sched_getaffinity(Context&, ProcessOrSelf pid, Size32 size, OutBytes<1> out);
Result<> sys_sched_setaffinity(Context&, ProcessOrSelf pid, Size32 size, InBytes<1> in);
Answer<NiceDistance> sys_getpriority(Context&, abi::PriorityOf which, SelectedId<0> who);
Result<> sys_setpriority(Context&, abi::PriorityOf which, SelectedId<0> who, NiceValue wanted);

Result<> sys_sched_setattr(Context&, ProcessOrSelf pid, vm::UserIn<abi::sched_attr> in,
                           Number<Kind::Zero, u32> flags);
Result<> sys_sched_getattr(Context&, ProcessOrSelf pid, OutBytes<2> out, Size32 size,
                           Number<Kind::Zero, u32> flags);

inline constexpr syscall::Family SCHEDULING_FAMILY{"scheduling", "kernel/posix_x/scheduling/scheduling.cpp"};
inline constexpr syscall::Call SCHEDULING_CALLS[] = {
    call<sys_sched_yield>(24, "sched_yield", SCHEDULING_FAMILY),
    call<sys_getpriority>(140, "getpriority", SCHEDULING_FAMILY),
    call<sys_setpriority>(141, "setpriority", SCHEDULING_FAMILY),
    call<sys_sched_setparam>(142, "sched_setparam", SCHEDULING_FAMILY),
    call<sys_sched_getparam>(143, "sched_getparam", SCHEDULING_FAMILY),
    call<sys_sched_setscheduler>(144, "sched_setscheduler", SCHEDULING_FAMILY),
    call<sys_sched_getscheduler>(145, "sched_getscheduler", SCHEDULING_FAMILY),
    call<sys_sched_get_priority_max>(146, "sched_get_priority_max", SCHEDULING_FAMILY),
    call<sys_sched_get_priority_min>(147, "sched_get_priority_min", SCHEDULING_FAMILY),
    call<sys_sched_rr_get_interval>(148, "sched_rr_get_interval", SCHEDULING_FAMILY),
    call<sys_sched_setaffinity>(203, "sched_setaffinity", SCHEDULING_FAMILY),
    call<sys_sched_getaffinity>(204, "sched_getaffinity", SCHEDULING_FAMILY),
    call<sys_sched_setattr>(314, "sched_setattr", SCHEDULING_FAMILY),
    call<sys_sched_getattr>(315, "sched_getattr", SCHEDULING_FAMILY),
};

}  // namespace exo::posix_x
