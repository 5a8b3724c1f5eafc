// mount and umount2.
#include "posix_x/files/mounts.hpp"

#include "posix_x/syscalls/support.hpp"
#include "posix_x/system/namespaces.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {

namespace {

using abi::MountFlags;
using abi::UmountFlags;

/// Copies a string of mount(2), which may be null.
Result<String> optional_text(u64 address) {
    if (address == 0) return String{};
    return vm::UserString(address).read(PAGE_SIZE, Error::Einval);
}

/// Copies the data of mount(2). LINUX: at most a page is copied, as far as it can be read; as text it ends
/// with the page (copy_mount_options).
/// Errors: Efault (nothing can be read), Enomem.
Result<String> options_text(u64 address) {
    String text;
    if (address == 0) return text;
    std::array<u8, PAGE_SIZE / 16> piece;
    while (text.size() < PAGE_SIZE - 1) {
        // Up to where another page begins, which may not be there.
        const u64 at = address + text.size();
        const usize size =
            std::min<usize>({piece.size(), PAGE_SIZE - 1 - text.size(), PAGE_SIZE - at % PAGE_SIZE});
        if (const Result<> read = vm::read_user(at, {piece.data(), size}); !read) {
            if (text.is_empty()) return read.error();
            break;
        }
        const std::string_view part = as_text({piece.data(), size});
        const usize end = part.find('\0');
        TRY(text.append(part.substr(0, end)));
        if (end != std::string_view::npos) break;
    }
    return text;
}

}  // namespace

Result<> sys_mount(Context&, OrNull<TextArgument> source, DirectoryPath target, OrNull<TextArgument> type,
                   MountFlags flags, OrNull<TextArgument> data) {
    Task& task = current_task();
    const String source_text = TRY(optional_text(source.address));
    const String type_text = TRY(optional_text(type.address));
    [[clang::uninitialized]] UserPath target_text;
    TRY(target_text.copy(target));
    const String options = TRY(options_text(data.address));
    const fs::Path where = TRY(fs::resolve(task.caller(), {}, target_text.view(), fs::WalkFlags::FollowLast));
    if (!task.identity().can(Capability::SysAdmin)) return Error::Eperm;
    if ((static_cast<u64>(flags) & abi::MOUNT_MAGIC_MASK) == abi::MOUNT_MAGIC)
        flags = static_cast<MountFlags>(static_cast<u64>(flags) & ~abi::MOUNT_MAGIC_MASK);
    fs::Path from;
    constexpr MountFlags PROPAGATION =
        MountFlags::Shared | MountFlags::Private | MountFlags::Slave | MountFlags::Unbindable;
    const bool moves = has(flags, MountFlags::Move) && !has(flags, PROPAGATION);
    const bool names_path = (has(flags, MountFlags::Bind) || moves) && !has(flags, MountFlags::Remount);
    if (names_path) {
        if (source_text.is_empty()) return Error::Einval;
        from = TRY(fs::resolve(task.caller(), {}, source_text.view(), fs::WalkFlags::FollowLast));
    }
    const auto type_name = type.address == 0 ? std::nullopt : std::optional(type_text.view());
    return fs::mount(mount_namespace(), {source_text.view(), where, type_name, flags, options.view(),
                                         names_path ? &from : nullptr});
}

Result<> sys_umount2(Context&, DirectoryPath target, KnownUmountFlags given) {
    const UmountFlags flags = TRY(given.checked());
    Task& task = current_task();
    if (!task.identity().can(Capability::SysAdmin)) return Error::Eperm;
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(target));
    const auto follow = has(flags, UmountFlags::Nofollow) ? fs::WalkFlags::None : fs::WalkFlags::FollowLast;
    const auto walk = follow | fs::WalkFlags::KeepExpiry | fs::WalkFlags::ToTopMount;
    const fs::Path where = TRY(fs::resolve(task.caller(), {}, name.view(), walk));
    // LINUX: a process cannot lose its root; it becomes read-only instead (do_umount_root).
    const fs::Path root = task.paths().root();
    const bool is_own_root = where.mount == root.mount && where.dentry.get() == &where.mount->root();
    if (is_own_root && !has(flags, UmountFlags::Detach | UmountFlags::Expire))
        return where.mount->file_system().make_read_only();
    return mount_namespace().detach(where, flags);
}

}  // namespace exo::posix_x
