#include "posix_x/credentials/gained.hpp"

#include <cstring>

#include "abi/linux/xattr.hpp"
#include "fs/operations/vfs.hpp"

#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x {

namespace {

/// Whether another process shares the working directory and root, and so could change them during the program
/// (CLONE_FS).
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

/// Applies set-ID bits. Returns whether there were any that take effect.
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

/// The capabilities in a program's security.capability attribute (capabilities(7), "File capabilities").
struct FileCapabilities {
    CapabilitySet permitted = 0;
    CapabilitySet inheritable = 0;
    bool is_effective = false;
};

/// Reads the capabilities of a file. Nothing if the file has none, if they belong to another user namespace,
/// or if the mount ignores them.
/// LINUX: get_vfs_caps_from_disk. Errors: Einval (malformed), Enomem.
Result<std::optional<FileCapabilities>> capabilities_of(const fs::File& file) {
    fs::Inode& inode = file.inode();
    if (!inode.has_file_capabilities.load(std::memory_order_relaxed)) return std::nullopt;
    if (has(file.path().mount->options(), fs::MountOptions::NoSuid)) return std::nullopt;
    // Those of root's are told in revision 2.
    const auto value = fs::get_extended_attribute(inode, abi::xattr::CAPABILITY, fs::KERNEL_CREDENTIALS);
    if (!value && value.error() == Error::Enodata) return std::nullopt;
    if (!value) return value.error();
    abi::vfs_cap_data data{};
    if (value->size() > sizeof data || value->size() < abi::VFS_CAP_SIZE_2) return Error::Einval;
    std::memcpy(&data, value->data(), value->size());
    const u32 revision = data.magic_etc & abi::VFS_CAP_REVISION_MASK;
    if (revision == abi::VFS_CAP_REVISION_3) return std::nullopt;
    if (revision != abi::VFS_CAP_REVISION_2) return Error::Einval;
    const auto join = [](u32 low, u32 high) { return (u64{high} << 32 | low) & ALL_CAPABILITIES; };
    return FileCapabilities{.permitted = join(data.data[0].permitted, data.data[1].permitted),
                            .inheritable = join(data.data[0].inheritable, data.data[1].inheritable),
                            .is_effective = (data.magic_etc & abi::VFS_CAP_FLAGS_EFFECTIVE) != 0};
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

    const auto file_capabilities = TRY(capabilities_of(file));
    next.permitted = 0;
    bool is_effective = false;
    if (file_capabilities) {
        next.permitted = (next.bounding & file_capabilities->permitted) |
                         (next.inheritable & file_capabilities->inheritable);
        is_effective = file_capabilities->is_effective;
        // A program that does not look for itself must not run with less than it counts on.
        if (is_effective && !is_subset(file_capabilities->permitted, next.permitted)) return Error::Eperm;
    }
    // Root gets what the bounding set allows; who becomes root by a program with capabilities gets only those.
    const bool works_as_root = next.euid == 0;
    const bool becomes_root = works_as_root && next.uid != 0;
    if (!(file_capabilities && becomes_root)) {
        if (works_as_root || next.uid == 0) next.permitted = next.inheritable | next.bounding;
        is_effective |= works_as_root;
    }
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
    if (result.is_secure || file_capabilities) next.ambient = 0;
    next.permitted |= next.ambient;
    next.effective = is_effective ? next.permitted : next.ambient;
    next.keeps_capabilities = false;
    if (next.uid != 0 && (is_effective || !is_subset(next.permitted, next.ambient))) result.is_secure = true;

    // LINUX: begin_new_exec and commit_creds.
    const bool changes = next.euid != old.euid || next.egid != old.egid || next.fsuid != old.fsuid ||
                         next.fsgid != old.fsgid || !is_subset(next.permitted, old.permitted);
    result.is_dumpable = !changes && old.uid == old.euid && old.gid == old.egid;
    result.is_another = changes || result.is_secure;
    return result;
}

}  // namespace exo::posix_x
