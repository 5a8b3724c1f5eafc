// Resource limits (getrlimit(2)).
#include "posix_x/scheduling/limit_calls.hpp"

#include "abi/linux/resource.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::rlimit64;

Result<> set_limit(Task& caller, Process& target, Resource resource, const rlimit64& wanted) {
    if (wanted.rlim_cur > wanted.rlim_max) return Error::Einval;
    if (resource == Resource::OpenFiles && wanted.rlim_max > max_descriptors.load(std::memory_order_relaxed))
        return Error::Eperm;
    TRY(target.limits.change(resource, {wanted.rlim_cur, wanted.rlim_max},
                             caller.identity().can(Capability::SysResource)));
    const bool limits_time = resource == Resource::Cpu || resource == Resource::RealtimeTime;
    if (limits_time && wanted.rlim_cur != NO_LIMIT) watch_cpu_time(target);
    return {};
}

/// Whether `caller` may change the limits of `target` (prlimit(2)): it is the same task, all of its ids
/// match, or the caller has CAP_SYS_RESOURCE. LINUX: the ids of another thread of the caller's process are
/// checked too.
bool may_limit(Task& caller, Task& target) {
    if (&target == &caller || caller.identity().can(Capability::SysResource)) return true;
    const Ref<Identity> other = target.shared_identity();
    if (!other) return false;
    const Identity& self = caller.identity();
    return self.uid == other->euid && self.uid == other->suid && self.uid == other->uid &&
           self.gid == other->egid && self.gid == other->sgid && self.gid == other->gid;
}

}  // namespace

Result<> sys_prlimit64(Context&, PidOf<PidUse::ProcessOrSelf> pid, Resource resource,
                       OrNull<vm::UserIn<rlimit64>> in, OrNull<vm::UserOut<rlimit64>> out) {
    rlimit64 wanted{};
    if (!in.is_null()) wanted = TRY(in.read());
    Task& caller = current_task();
    const Ref<Task> task = pid.value == 0 ? Ref<Task>(&caller) : PROCESSES.find_task(pid.value);
    if (!task) return Error::Esrch;
    if (!may_limit(caller, *task)) return Error::Eperm;
    if (resource >= Resource::COUNT) return Error::Einval;
    Process& target = *task->process;
    const Limit old = target.limits.of(resource);
    if (!in.is_null()) TRY(set_limit(caller, target, resource, wanted));
    if (!out.is_null()) TRY(out.write({old.soft, old.hard}));
    return {};
}
Result<> sys_getrlimit(Context&, Resource resource, vm::UserOut<rlimit64> out) {
    if (resource >= Resource::COUNT) return Error::Einval;
    const Limit limit = current_process().limits.of(resource);
    return out.write({limit.soft, limit.hard});
}
Result<> sys_setrlimit(Context&, Resource resource, vm::UserIn<rlimit64> in) {
    const rlimit64 wanted = TRY(in.read());
    if (resource >= Resource::COUNT) return Error::Einval;
    return set_limit(current_task(), current_process(), resource, wanted);
}

}  // namespace exo::posix_x
