#include "posix_x/credentials/gained.hpp"

#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x {

namespace {

/// Another process has the same working directory and root, and could move them under the program (CLONE_FS).
bool shares_paths(const Task& task) {
    bool is_shared = false;
    PROCESSES.for_each([&](Process& process) {
        if (&process == task.process.get()) return;
        for_each_task(process, [&](ProcessSignals&, Task& other) {
            is_shared |= other.resources.lock()->paths.get() == &task.paths();
        });
    });
    return is_shared;
}

/// Whether there are any that count.
bool apply_set_id_bits(const fs::File& file, Identity& identity) {
    const bool ignores_them = has(file.path().mount->options(), fs::MountOptions::NoSuid);
    if (ignores_them || identity.no_new_privileges) return false;
    const u32 mode = file.inode().mode();
    constexpr u32 GROUP_EXECUTE = 010;
    const bool sets_user = (mode & abi::mode::SET_UID) != 0;
    const bool sets_group = (mode & abi::mode::SET_GID) != 0 && (mode & GROUP_EXECUTE) != 0;
    if (sets_user) identity.euid = file.inode().uid();
    if (sets_group) identity.egid = file.inode().gid();
    return sets_user || sets_group;
}

bool is_subset(CapabilitySet part, CapabilitySet whole) { return (part & ~whole) == 0; }

}  // namespace

// LINUX: cap_bprm_creds_from_file, which compares the new effective ids with the old real ones.
Result<NewCredentials> credentials_for(const Task& task, const fs::File& file) {
    const Identity& old = task.identity();
    NewCredentials result{.identity = TRY(old.clone())};
    Identity& next = *result.identity;
    const bool has_set_id = apply_set_id_bits(file, next);
    result.is_secure = next.euid != old.uid || next.egid != old.gid;

    // Root gets what the bounding set allows, others what is ambient.
    const bool works_as_root = next.euid == 0;
    next.permitted = works_as_root || next.uid == 0 ? next.inheritable | next.bounding : 0;
    result.has_gained = has_set_id || !is_subset(next.permitted, old.permitted);
    const bool may_gain = result.is_secure || !is_subset(next.permitted, old.permitted);
    if (may_gain && (old.no_new_privileges || shares_paths(task))) {
        if (!old.can(Capability::Setuid) || old.no_new_privileges) {
            next.euid = next.uid;
            next.egid = next.gid;
        }
        next.permitted &= old.permitted;
    }
    next.suid = next.fsuid = next.euid;
    next.sgid = next.fsgid = next.egid;
    if (result.is_secure) next.ambient = 0;
    next.permitted |= next.ambient;
    next.effective = works_as_root ? next.permitted : next.ambient;
    next.keeps_capabilities = false;

    // LINUX: begin_new_exec and commit_creds.
    const bool changes = next.euid != old.euid || next.egid != old.egid || next.fsuid != old.fsuid ||
                         next.fsgid != old.fsgid || !is_subset(next.permitted, old.permitted);
    result.is_dumpable = !changes && old.uid == old.euid && old.gid == old.egid;
    result.is_another = changes || result.is_secure;
    return result;
}

}  // namespace exo::posix_x
