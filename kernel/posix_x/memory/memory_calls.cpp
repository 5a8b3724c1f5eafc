// Memory calls: mmap and related calls. vm implements them.
#include "posix_x/memory/memory_calls.hpp"

#include "abi/linux/limits.hpp"
#include "abi/linux/process.hpp"
#include "fs/tree/permission.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::MapFlags;
using vm::Protection;

/// LINUX: READ_IMPLIES_EXEC: readable memory becomes executable too, unless something forbids it.
Protection implied_by(Protection protection) {
    const bool is_implied = has(protection, Protection::Read) &&
                            current_task().has_personality(abi::PersonalityFlags::ReadImpliesExec);
    return is_implied ? Protection::Exec : Protection::None;
}

/// Sets the request's source and allowed rights from the descriptor. Errors: Eacces, Eperm, Enodev.
Result<> find_source(vm::MapRequest& request, fs::File& file, Descriptor fd) {
    const bool can_read = TRY(can_use(fd, Rights::Read));
    const bool can_write = TRY(can_use(fd, Rights::Write));
    const bool is_shared = (request.flags & MapFlags::TypeMask) != MapFlags::Private;
    if (!can_read) return Error::Eacces;
    if (is_shared && has(request.protection, Protection::Write) && !can_write) return Error::Eacces;
    if (is_shared && !can_write) request.allowed = request.allowed & ~Protection::Write;
    if (is_shared && file.refuses_new_writers()) {
        if (has(request.protection, Protection::Write)) return Error::Eperm;
        request.allowed = request.allowed & ~Protection::Write;
    }
    const Ref<fs::Mount>& mount = file.path().mount;
    if (mount && has(mount->options(), fs::MountOptions::NoExec)) {
        if (has(request.protection, Protection::Exec)) return Error::Eperm;
        request.allowed = request.allowed & ~Protection::Exec;
    } else {
        request.protection = request.protection | implied_by(request.protection);
    }
    request.source = TRY(file.page_source());  // null for /dev/zero: vm gives anonymous memory
    return {};
}

/// Maps a file. This counts as a read of the file. Errors: Ebadf, and those of mmap.
Result<u64> map_file(vm::MapRequest&& request, Descriptor fd) {
    const FileUse file = TRY(use_file(fd, Rights::Map));
    request.file = Ref<Object>(&*file);
    if (file->inode().is_regular()) request.file_end = static_cast<u64>(abi::MAX_FILE_OFFSET);
    request.file_answer = find_source(request, *file, fd);
    const u64 address = TRY(current_task().space().map(std::move(request)));
    if (file->inode().is_regular()) file->note_read();
    return address;
}

}  // namespace

Answer<AddressAnswer> sys_mmap(Context&, RangeStart<1> address, Size length, Protection protection,
                               MapFlags flags, Descriptor fd, FilePosition offset) {
    if (!is_aligned(u64{offset}, PAGE_SIZE)) return Error::Einval;
    vm::MapRequest request;
    request.address = address.value;
    request.length = length;
    request.protection = protection;
    request.flags = flags;
    request.offset = offset;
    if (!has(flags, MapFlags::Anonymous)) return map_file(std::move(request), fd);
    request.protection = protection | implied_by(protection);
    return current_task().space().map(std::move(request));
}

Result<> sys_munmap(Context&, RangeStart<1> address, Size length) {
    return current_task().space().unmap(address.value, length);
}

Result<> sys_mprotect(Context&, RangeStart<1> address, Size length, Protection protection) {
    return current_task().space().protect(address.value, length, protection, implied_by(protection));
}

Answer<AddressAnswer> sys_mremap(Context&, RangeStart<1> old_address, Size old_length, Size new_length,
                                 vm::RemapFlags flags, RangeStart<2> new_address) {
    return current_task().space().remap(old_address.value, old_length, new_length, flags, new_address.value);
}

Answer<AddressAnswer> sys_brk(Context&, UserAddress address) {
    return current_task().space().brk(address.value);
}

Result<> sys_madvise(Context&, RangeStart<1> address, Size length, abi::Advice advice) {
    return current_task().space().advise(address.value, length, advice);
}

Result<> sys_msync(Context&, RangeStart<1> address, Size length, abi::SyncFlags flags) {
    return current_task().space().sync(address.value, length, flags);
}

/// LINUX: can_do_mincore. Only the file's owner, or a user who may write it, sees which of its pages are in
/// memory, because this reveals what other users have read.
static bool may_see_residency(const Object& file) {
    if (file.object_kind() != ObjectKind::File) return true;
    const fs::Inode& inode = static_cast<const fs::File&>(file).inode();
    const fs::Credentials& credentials = current_task().credentials();
    return fs::is_owner(inode, credentials) ||
           fs::check_permission(inode, abi::AccessMode::Write, credentials).has_value();
}

Result<> sys_mincore(Context&, RangeStart<1> address, Size length, OutBytePerPage<1> out) {
    u64 at = out.address;
    if (!is_aligned(address.value, PAGE_SIZE)) return Error::Einval;
    if (!memory::is_user_range(address.value, length)) return Error::Enomem;
    if (!memory::is_user_range(at, divide_round_up(u64{length}, PAGE_SIZE))) return Error::Efault;
    const auto tell = [&](std::span<const u8> pages) -> Result<> {
        TRY(vm::write_user(at, pages));
        at += pages.size();
        return {};
    };
    return current_task().space().residency(address.value, length, may_see_residency, tell);
}

// ---- Locking

Result<> sys_mlock(Context&, RangeStart<1> address, Size length) {
    return current_task().space().lock_pages(address.value, length, abi::LockFlags::None);
}

Result<> sys_mlock2(Context&, RangeStart<1> address, Size length, abi::LockFlags flags) {
    return current_task().space().lock_pages(address.value, length, flags);
}

Result<> sys_munlock(Context&, RangeStart<1> address, Size length) {
    return current_task().space().unlock_pages(address.value, length);
}

Result<> sys_mlockall(Context&, abi::LockAllFlags flags) { return current_task().space().lock_all(flags); }

Result<> sys_munlockall(Context&) {
    current_task().space().unlock_all();
    return {};
}

/// LINUX: MADV_REMOVE is fallocate with FALLOC_FL_PUNCH_HOLE (madvise_remove).
static Result<> remove_content(Object& file, u64 offset, u64 length) {
    using abi::FallocateMode;
    return static_cast<fs::File&>(file).allocate(FallocateMode::PunchHole | FallocateMode::KeepSize, offset,
                                                 length, write_context(current_task()));
}

/// The function that vm calls when a call or a growing stack enlarges a space.
static std::optional<vm::MemoryLimits> limits_of_caller() {
    Task* task = current_task_or_null();
    if (task == nullptr) return std::nullopt;
    const bool may_lock_all = task->identity().can(Capability::IpcLock);
    const ResourceLimits& limits = task->process->limits;
    return vm::MemoryLimits{.address_space = limits.soft(Resource::AddressSpace),
                            .data = limits.soft(Resource::Data),
                            .hard_data = limits.of(Resource::Data).hard,
                            .stack = limits.soft(Resource::Stack),
                            .locked = may_lock_all ? NO_LIMIT : limits.soft(Resource::LockedMemory),
                            .may_map_low = task->identity().can(Capability::SysRawio)};
}

void install_memory_hooks() {
    vm::set_limits_source(&limits_of_caller);
    vm::set_content_remover(&remove_content);
}

}  // namespace exo::posix_x
