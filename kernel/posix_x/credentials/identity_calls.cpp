// User and group ids, supplementary groups, capabilities (credentials(7), capabilities(7)).
#include "posix_x/credentials/identity_calls.hpp"

#include <algorithm>

#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

constexpr u32 UNCHANGED = ~0U;
constexpr u32 MAX_GROUPS = 65536;

}  // namespace

Answer<Uid> sys_getuid(Context&) { return current_task().identity().uid; }
Answer<Uid> sys_geteuid(Context&) { return current_task().identity().euid; }
Answer<Gid> sys_getgid(Context&) { return current_task().identity().gid; }
Answer<Gid> sys_getegid(Context&) { return current_task().identity().egid; }

/// Changes capabilities with the user ids (capabilities(7), "Effect of user ID changes on capabilities").
static void adjust_capabilities(const Identity& old, Identity& next) {
    const bool had_root = old.uid == 0 || old.euid == 0 || old.suid == 0;
    const bool has_root = next.uid == 0 || next.euid == 0 || next.suid == 0;
    if (had_root && !has_root && !next.keeps_capabilities) {
        next.permitted = 0;
        next.effective = 0;
        next.ambient = 0;
    }
    if (old.euid == 0 && next.euid != 0) next.effective = 0;
    if (old.euid != 0 && next.euid == 0) next.effective = next.permitted;
}

/// setfsuid: the file capabilities are dropped when the file-system id changes from root, and come back when
/// it changes to root.
static void adjust_file_capabilities(const Identity& old, Identity& next) {
    constexpr u32 CHOWN = 0, DAC_OVERRIDE = 1, DAC_READ_SEARCH = 2, FOWNER = 3, FSETID = 4,
                  LINUX_IMMUTABLE = 9;
    constexpr u32 MKNOD = 27, MAC_OVERRIDE = 32;
    constexpr CapabilitySet FOR_FILES = 1ULL << CHOWN | 1ULL << DAC_OVERRIDE | 1ULL << DAC_READ_SEARCH |
                                        1ULL << FOWNER | 1ULL << FSETID | 1ULL << LINUX_IMMUTABLE |
                                        1ULL << MKNOD | 1ULL << MAC_OVERRIDE;
    if (old.fsuid == 0 && next.fsuid != 0) next.effective &= ~FOR_FILES;
    if (old.fsuid != 0 && next.fsuid == 0) next.effective |= next.permitted & FOR_FILES;
}

/// Charges the task and `next` to the user `next.uid` from now on.
/// Errors: Eagain (no memory for the record of that user; LINUX: alloc_uid).
static Result<> change_user(Task& task, Identity& next) {
    auto found = UserRecord::of(next.uid);
    if (!found) return Error::Eagain;
    Ref<UserRecord> user = std::move(*found);
    (void)user->charge_process(NO_LIMIT);
    next.user = user;
    PROCESSES.charge(task, std::move(user))->release_process();
    return {};
}

/// Installs an identity. LINUX: a task that changes its identity becomes undumpable and loses its signal at
/// the parent's death (commit_creds).
/// Errors: Eagain; nothing is changed then.
static Result<> put_in_place(Ref<Identity> next) {
    Task& task = current_task();
    const Identity& old = task.identity();
    if (next->uid != old.uid) TRY(change_user(task, *next));
    if (next->euid != old.euid || next->egid != old.egid || next->fsuid != old.fsuid ||
        next->fsgid != old.fsgid) {
        task.image().is_dumpable.store(false, std::memory_order_relaxed);
        task.parent_death_signal.store(Signal::None, std::memory_order_relaxed);
    }
    task.set_identity(std::move(next));
    return {};
}

/// Installs an identity whose user may differ. Errors: Eagain; nothing is changed then.
static Result<> adopt(Ref<Identity> next) {
    adjust_capabilities(current_task().identity(), *next);
    return put_in_place(std::move(next));
}

Result<> sys_setuid(Context&, Uid uid) {
    const Identity& now = current_task().identity();
    if (uid == UNCHANGED) return Error::Einval;
    Ref<Identity> next = TRY(now.clone());
    if (now.can(Capability::Setuid))
        next->uid = next->suid = uid;
    else if (uid != now.uid && uid != now.suid)
        return Error::Eperm;
    next->euid = next->fsuid = uid;
    return adopt(std::move(next));
}

Result<> sys_setgid(Context&, Gid gid) {
    const Identity& now = current_task().identity();
    if (gid == UNCHANGED) return Error::Einval;
    Ref<Identity> next = TRY(now.clone());
    if (now.can(Capability::Setgid))
        next->gid = next->sgid = gid;
    else if (gid != now.gid && gid != now.sgid)
        return Error::Eperm;
    next->egid = next->fsgid = gid;
    return adopt(std::move(next));
}

Result<> sys_setreuid(Context&, UidOrUnchanged uid, UidOrUnchanged euid) {
    const Identity& now = current_task().identity();
    const bool privileged = now.can(Capability::Setuid);
    Ref<Identity> next = TRY(now.clone());
    if (uid != UNCHANGED) {
        if (!privileged && uid != now.uid && uid != now.euid) return Error::Eperm;
        next->uid = uid;
    }
    if (euid != UNCHANGED) {
        if (!privileged && euid != now.uid && euid != now.euid && euid != now.suid) return Error::Eperm;
        next->euid = euid;
    }
    if (uid != UNCHANGED || (euid != UNCHANGED && euid != now.uid)) next->suid = next->euid;
    next->fsuid = next->euid;
    return adopt(std::move(next));
}

Result<> sys_setregid(Context&, GidOrUnchanged gid, GidOrUnchanged egid) {
    const Identity& now = current_task().identity();
    const bool privileged = now.can(Capability::Setgid);
    Ref<Identity> next = TRY(now.clone());
    if (gid != UNCHANGED) {
        if (!privileged && gid != now.gid && gid != now.egid) return Error::Eperm;
        next->gid = gid;
    }
    if (egid != UNCHANGED) {
        if (!privileged && egid != now.gid && egid != now.egid && egid != now.sgid) return Error::Eperm;
        next->egid = egid;
    }
    if (gid != UNCHANGED || (egid != UNCHANGED && egid != now.gid)) next->sgid = next->egid;
    next->fsgid = next->egid;
    return adopt(std::move(next));
}

static bool leaves(u32 id, u32 now) { return id == UNCHANGED || id == now; }

// LINUX: setresuid and setresgid that change nothing do not change the file-system id either.
Result<> sys_setresuid(Context&, UidOrUnchanged uid, UidOrUnchanged euid, UidOrUnchanged suid) {
    const Identity& now = current_task().identity();
    const bool leaves_euid = euid == UNCHANGED || (euid == now.euid && euid == now.fsuid);
    if (leaves(uid, now.uid) && leaves_euid && leaves(suid, now.suid)) return {};
    const auto allowed = [&](u32 id) {
        return id == UNCHANGED || now.can(Capability::Setuid) || id == now.uid || id == now.euid ||
               id == now.suid;
    };
    if (!allowed(uid) || !allowed(euid) || !allowed(suid)) return Error::Eperm;
    Ref<Identity> next = TRY(now.clone());
    if (uid != UNCHANGED) next->uid = uid;
    if (euid != UNCHANGED) next->euid = euid;
    if (suid != UNCHANGED) next->suid = suid;
    next->fsuid = next->euid;
    return adopt(std::move(next));
}

Result<> sys_setresgid(Context&, GidOrUnchanged gid, GidOrUnchanged egid, GidOrUnchanged sgid) {
    const Identity& now = current_task().identity();
    const bool leaves_egid = egid == UNCHANGED || (egid == now.egid && egid == now.fsgid);
    if (leaves(gid, now.gid) && leaves_egid && leaves(sgid, now.sgid)) return {};
    const auto allowed = [&](u32 id) {
        return id == UNCHANGED || now.can(Capability::Setgid) || id == now.gid || id == now.egid ||
               id == now.sgid;
    };
    if (!allowed(gid) || !allowed(egid) || !allowed(sgid)) return Error::Eperm;
    Ref<Identity> next = TRY(now.clone());
    if (gid != UNCHANGED) next->gid = gid;
    if (egid != UNCHANGED) next->egid = egid;
    if (sgid != UNCHANGED) next->sgid = sgid;
    next->fsgid = next->egid;
    return adopt(std::move(next));
}

Result<> sys_getresuid(Context&, vm::UserOut<Uid> uid, vm::UserOut<Uid> euid, vm::UserOut<Uid> suid) {
    const Identity& now = current_task().identity();
    TRY(uid.write(now.uid));
    TRY(euid.write(now.euid));
    return suid.write(now.suid);
}

Result<> sys_getresgid(Context&, vm::UserOut<Gid> gid, vm::UserOut<Gid> egid, vm::UserOut<Gid> sgid) {
    const Identity& now = current_task().identity();
    TRY(gid.write(now.gid));
    TRY(egid.write(now.egid));
    return sgid.write(now.sgid);
}

/// setfsuid(2): returns the old id in every case.
Answer<Uid> sys_setfsuid(Context&, Uid uid) {
    const Identity& now = current_task().identity();
    const u32 old = now.fsuid;
    const bool allowed = now.can(Capability::Setuid) || uid == now.uid || uid == now.euid ||
                         uid == now.suid || uid == now.fsuid;
    if (!allowed || uid == UNCHANGED) return old;
    Ref<Identity> next = TRY(now.clone());
    next->fsuid = uid;
    adjust_file_capabilities(now, *next);
    (void)put_in_place(std::move(next));  // it is the same real user's, so nothing can fail
    return old;
}

Answer<Gid> sys_setfsgid(Context&, Gid gid) {
    const Identity& now = current_task().identity();
    const u32 old = now.fsgid;
    const bool allowed = now.can(Capability::Setgid) || gid == now.gid || gid == now.egid ||
                         gid == now.sgid || gid == now.fsgid;
    if (!allowed || gid == UNCHANGED) return old;
    Ref<Identity> next = TRY(now.clone());
    next->fsgid = gid;
    (void)put_in_place(std::move(next));  // it is the same real user's, so nothing can fail
    return old;
}

// ---- Groups

Answer<Count32> sys_getgroups(Context&, SignedCount size, OutArray<Gid, 0> out) {
    const Identity& now = current_task().identity();
    const auto count = static_cast<u32>(now.groups().size());
    if (size < 0) return Error::Einval;
    if (size == 0) return count;
    if (static_cast<u32>(size) < count) return Error::Einval;
    for (u32 index = 0; index < count; ++index) {
        TRY(vm::UserOut<u32>(out.address + index * sizeof(u32)).write(now.groups()[index]));
        scheduler::preempt_point();
    }
    return count;
}

Result<> sys_setgroups(Context&, Count size, InArray<Gid, 0> list) {
    const Identity& now = current_task().identity();
    if (!now.can(Capability::Setgid)) return Error::Eperm;
    const auto count = static_cast<u32>(u64{size});  // LINUX: an int
    if (count > MAX_GROUPS) return Error::Einval;
    Ref<Identity> next = TRY(now.clone());
    next->group_list = TRY(make_ref<GroupList>());
    Vector<GroupId>& groups = next->group_list->ids;
    TRY(groups.reserve(count));
    for (u64 index = 0; index < count; ++index) {
        const u32 group = TRY(vm::UserIn<u32>(list.address + index * sizeof(u32)).read());
        if (group == UNCHANGED) return Error::Einval;  // stands for no group
        groups.push_within_capacity(group);
        scheduler::preempt_point();
    }
    std::make_heap(groups.begin(), groups.end());
    for (auto end = groups.end(); end != groups.begin(); --end) {
        std::pop_heap(groups.begin(), end);
        scheduler::preempt_point();
    }
    return adopt(std::move(next));
}

namespace {

// ---- Capabilities (capget(2)).

}  // namespace
constexpr u32 VERSION_1 = 0x19980330;
constexpr u32 VERSION_2 = 0x20071026;
constexpr u32 VERSION_3 = 0x20080522;
/// The lower and the upper 32 bits of each set. Version 1 has only the lower ones.

/// How many words each set has in the program's version. 0: the version is unknown; the newest one is stored
/// in the header instead.
static Result<u32> read_version(u64 header) {
    vm::UserInOut<u32> version(header);
    switch (TRY(version.read())) {
        case VERSION_1: return 1U;
        case VERSION_2:
        case VERSION_3: return 2U;
        default: TRY(version.write(VERSION_3)); return 0U;
    }
}

static Result<i32> read_pid(u64 header) {
    return vm::UserIn<i32>(header + __builtin_offsetof(CapabilityHeader, pid)).read();
}

static Result<Ref<Identity>> identity_of_pid(Pid pid) {
    if (pid == 0 || pid == current_process().pid()) return current_task().shared_identity();
    const Ref<Process> process = PROCESSES.find(pid);
    if (!process) return Error::Esrch;
    Ref<Identity> identity = identity_of(*process);
    if (!identity) return Error::Esrch;
    return identity;
}

/// LINUX: without a place for the result, the call only checks the version, and an unknown version is not an
/// error.
Result<> sys_capget(Context&, vm::UserInOut<CapabilityHeader> header, OrNull<CapabilitiesOut> data) {
    const u32 words = TRY(read_version(header.address()));
    if (data.address == 0) return {};
    if (words == 0) return Error::Einval;
    const Pid pid = TRY(read_pid(header.address()));
    if (pid < 0) return Error::Einval;
    const Ref<Identity> identity = TRY(identity_of_pid(pid));
    for (u32 half = 0; half < words; ++half) {
        const u32 shift = half * 32;
        const CapabilityData out{static_cast<u32>(identity->effective >> shift),
                                 static_cast<u32>(identity->permitted >> shift),
                                 static_cast<u32>(identity->inheritable >> shift)};
        TRY(vm::UserOut<CapabilityData>(data.address + half * sizeof(out)).write(out));
    }
    return {};
}

Result<> sys_capset(Context&, vm::UserInOut<CapabilityHeader> header, CapabilitiesIn data) {
    const u32 words = TRY(read_version(header.address()));
    if (words == 0) return Error::Einval;
    const Pid pid = TRY(read_pid(header.address()));
    if (pid != 0 && pid != current_process().pid()) return Error::Eperm;
    CapabilitySet effective = 0;
    CapabilitySet permitted = 0;
    CapabilitySet inheritable = 0;
    for (u32 half = 0; half < words; ++half) {
        const CapabilityData in =
            TRY(vm::UserIn<CapabilityData>(data.address + half * sizeof(CapabilityData)).read());
        effective |= static_cast<u64>(in.effective) << (half * 32);
        permitted |= static_cast<u64>(in.permitted) << (half * 32);
        inheritable |= static_cast<u64>(in.inheritable) << (half * 32);
    }
    // Bits that stand for nothing are neither given nor refused.
    effective &= ALL_CAPABILITIES;
    permitted &= ALL_CAPABILITIES;
    inheritable &= ALL_CAPABILITIES;
    const Identity& now = current_task().identity();
    if ((permitted & ~now.permitted) != 0 || (effective & ~permitted) != 0) return Error::Eperm;
    const CapabilitySet may_inherit =
        now.inheritable | (now.can(Capability::Setpcap) ? now.bounding : now.permitted & now.bounding);
    if ((inheritable & ~may_inherit) != 0) return Error::Eperm;
    Ref<Identity> next = TRY(now.clone());
    next->effective = effective;
    next->permitted = permitted;
    next->inheritable = inheritable;
    next->ambient &= next->permitted & next->inheritable;
    current_task().set_identity(std::move(next));
    return {};
}

}  // namespace exo::posix_x
