// Names: making, removing, renaming and following them; the working directory.
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::AtFlags;

Descriptor here() { return Descriptor(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)); }

/// A copied path and where it starts: what every *at call begins with.
struct Place {
    UserPath path;
    StartDirectory directory;

    /// Errors: those of UserPath::copy and StartDirectory::of.
    Result<> find(Descriptor start, PathArgument argument) {
        TRY(path.copy(argument));
        directory = TRY(StartDirectory::of(start, path.view()));
        return {};
    }
    fs::Start start() const { return directory.start(); }
    std::string_view name() const { return path.view(); }
};

Result<> sys_mkdirat(Context&, Descriptor directory, PathArgument path, u32 mode) {
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    return fs::make_directory(current_task().caller(), target.start(), target.name(), mode);
}
Result<> sys_mkdir(Context& context, PathArgument path, u32 mode) {
    return sys_mkdirat(context, here(), path, mode);
}

Result<> sys_mknodat(Context&, Descriptor directory, PathArgument path, u32 mode, u32 device) {
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    return fs::make_node(current_task().caller(), target.start(), target.name(), mode,
                         abi::DeviceNumber::decode(device));
}
Result<> sys_mknod(Context& context, PathArgument path, u32 mode, u32 device) {
    return sys_mknodat(context, here(), path, mode, device);
}

Result<> sys_unlinkat(Context&, Descriptor directory, PathArgument path, AtFlags flags) {
    if ((flags & ~AtFlags::Removedir) != AtFlags::None) return Error::Einval;
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    const fs::Caller caller = current_task().caller();
    if (has(flags, AtFlags::Removedir)) return fs::remove_directory(caller, target.start(), target.name());
    return fs::unlink(caller, target.start(), target.name());
}
Result<> sys_unlink(Context& context, PathArgument path) {
    return sys_unlinkat(context, here(), path, AtFlags::None);
}
Result<> sys_rmdir(Context& context, PathArgument path) {
    return sys_unlinkat(context, here(), path, AtFlags::Removedir);
}

Result<> sys_renameat2(Context&, Descriptor old_directory, PathArgument old_path, Descriptor new_directory,
                       PathArgument new_path, abi::RenameFlags flags) {
    [[clang::uninitialized]] Place from;
    TRY(from.find(old_directory, old_path));
    [[clang::uninitialized]] Place to;
    TRY(to.find(new_directory, new_path));
    return fs::rename(current_task().caller(), from.start(), from.name(), to.start(), to.name(), flags);
}
Result<> sys_renameat(Context& context, Descriptor old_directory, PathArgument old_path,
                      Descriptor new_directory, PathArgument new_path) {
    return sys_renameat2(context, old_directory, old_path, new_directory, new_path, abi::RenameFlags::None);
}
Result<> sys_rename(Context& context, PathArgument old_path, PathArgument new_path) {
    return sys_renameat2(context, here(), old_path, here(), new_path, abi::RenameFlags::None);
}

Result<> sys_linkat(Context&, Descriptor old_directory, PathArgument old_path, Descriptor new_directory,
                    PathArgument new_path, AtFlags flags) {
    if ((flags & ~(AtFlags::SymlinkFollow | AtFlags::EmptyPath)) != AtFlags::None) return Error::Einval;
    [[clang::uninitialized]] Place from;
    TRY(from.find(old_directory, old_path));
    [[clang::uninitialized]] Place to;
    TRY(to.find(new_directory, new_path));
    return fs::make_link(current_task().caller(), from.start(), from.name(), to.start(), to.name(), flags);
}
Result<> sys_link(Context& context, PathArgument old_path, PathArgument new_path) {
    return sys_linkat(context, here(), old_path, here(), new_path, AtFlags::None);
}

Result<> sys_symlinkat(Context&, PathArgument target, Descriptor directory, PathArgument path) {
    [[clang::uninitialized]] UserPath text;
    TRY(text.copy(target));
    [[clang::uninitialized]] Place link;
    TRY(link.find(directory, path));
    return fs::make_symlink(current_task().caller(), text.view(), link.start(), link.name());
}
Result<> sys_symlink(Context& context, PathArgument target, PathArgument path) {
    return sys_symlinkat(context, target, here(), path);
}

Result<usize> sys_readlinkat(Context&, Descriptor directory, PathArgument path, BufferArgument buffer,
                             i32 size) {
    if (size <= 0) return Error::Einval;
    [[clang::uninitialized]] Place link;
    TRY(link.find(directory, path));
    String text;
    TRY(fs::read_link(current_task().caller(), link.start(), link.name(), text));
    const usize length = std::min(text.size(), static_cast<usize>(size));
    TRY(vm::write_user(buffer.address, bytes_of(text.view().substr(0, length))));
    return length;
}
Result<usize> sys_readlink(Context& context, PathArgument path, BufferArgument buffer, i32 size) {
    return sys_readlinkat(context, here(), path, buffer, size);
}

Result<> check_access(Descriptor directory, PathArgument path, u32 mode, AtFlags flags) {
    if (mode > 7 ||
        (flags & ~(AtFlags::Eaccess | AtFlags::SymlinkNofollow | AtFlags::EmptyPath)) != AtFlags::None)
        return Error::Einval;
    Task& task = current_task();
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    const fs::Credentials credentials =
        has(flags, AtFlags::Eaccess) ? task.credentials() : task.identity->real_credentials();
    auto walk = has(flags, AtFlags::SymlinkNofollow) ? fs::WalkFlags::None : fs::WalkFlags::FollowLast;
    if (has(flags, AtFlags::EmptyPath)) walk |= fs::WalkFlags::AllowEmpty;
    return fs::check_access({credentials, *task.paths}, target.start(), target.name(),
                            static_cast<abi::AccessMode>(mode), walk);
}
Result<> sys_access(Context&, PathArgument path, u32 mode) {
    return check_access(here(), path, mode, AtFlags::None);
}
Result<> sys_faccessat(Context&, Descriptor directory, PathArgument path, u32 mode) {
    return check_access(directory, path, mode, AtFlags::None);
}
Result<> sys_faccessat2(Context&, Descriptor directory, PathArgument path, u32 mode, AtFlags flags) {
    return check_access(directory, path, mode, flags);
}

// ---- Working directory, root, umask

Result<> sys_chdir(Context&, PathArgument path) {
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    fs::Path target = TRY(fs::resolve(task.caller(), {}, name.view(),
                                      fs::WalkFlags::FollowLast | fs::WalkFlags::RequireDirectory));
    TRY(fs::check_directory(target, task.credentials()));
    task.paths->set_working_directory(std::move(target));
    return {};
}

Result<> sys_fchdir(Context&, Descriptor fd) {
    Task& task = current_task();
    const FileUse file = TRY(use_file(fd, Rights::Lookup));
    if (!file->path()) return Error::Enotdir;
    TRY(fs::check_directory(file->path(), task.credentials()));
    task.paths->set_working_directory(file->path());
    return {};
}

Result<> sys_chroot(Context&, PathArgument path) {
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    fs::Path target = TRY(fs::resolve(task.caller(), {}, name.view(),
                                      fs::WalkFlags::FollowLast | fs::WalkFlags::RequireDirectory));
    TRY(fs::check_directory(target, task.credentials()));
    if (!task.identity->can(Capability::SysChroot)) return Error::Eperm;
    task.paths->set_root(std::move(target));
    return {};
}

Result<usize> sys_getcwd(Context&, BufferArgument buffer, u64 size) {
    Task& task = current_task();
    String text;
    const fs::PathState state =
        TRY(fs::append_path(task.paths->working_directory(), task.paths->root(), text));
    if (state == fs::PathState::Deleted) return Error::Enoent;
    String shown;
    if (state == fs::PathState::Unreachable) TRY(shown.append("(unreachable)"));
    TRY(shown.append(text.view()));
    const usize length = shown.size() + 1;
    if (length > size) return Error::Erange;
    TRY(vm::write_user(buffer.address, bytes_of({shown.c_str(), length})));
    return length;
}

Result<u32> sys_umask(Context&, u32 mask) { return current_task().paths->set_umask(mask); }

Result<> sys_truncate(Context&, PathArgument path, i64 size) {
    if (size < 0) return Error::Einval;
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    const Result<> result =
        fs::truncate(task.caller(), {}, name.view(), static_cast<u64>(size), write_context(task));
    if (!result && result.error() == Error::Efbig && task.process->limit(Resource::FileSize) != NO_LIMIT)
        (void)send_signal_to_task(
            task, {.signal = Signal::Xfsz, .code = signal_code::USER, .sender = task.process->pid()});
    return result;
}

}  // namespace

Result<> register_path_calls() {
    using syscall::register_call;
    TRY(register_call<sys_access>(21, "access"));
    TRY(register_call<sys_truncate>(76, "truncate"));
    TRY(register_call<sys_getcwd>(79, "getcwd"));
    TRY(register_call<sys_chdir>(80, "chdir"));
    TRY(register_call<sys_fchdir>(81, "fchdir"));
    TRY(register_call<sys_rename>(82, "rename"));
    TRY(register_call<sys_mkdir>(83, "mkdir"));
    TRY(register_call<sys_rmdir>(84, "rmdir"));
    TRY(register_call<sys_link>(86, "link"));
    TRY(register_call<sys_unlink>(87, "unlink"));
    TRY(register_call<sys_symlink>(88, "symlink"));
    TRY(register_call<sys_readlink>(89, "readlink"));
    TRY(register_call<sys_umask>(95, "umask"));
    TRY(register_call<sys_mknod>(133, "mknod"));
    TRY(register_call<sys_chroot>(161, "chroot"));
    TRY(register_call<sys_mkdirat>(258, "mkdirat"));
    TRY(register_call<sys_mknodat>(259, "mknodat"));
    TRY(register_call<sys_unlinkat>(263, "unlinkat"));
    TRY(register_call<sys_renameat>(264, "renameat"));
    TRY(register_call<sys_linkat>(265, "linkat"));
    TRY(register_call<sys_symlinkat>(266, "symlinkat"));
    TRY(register_call<sys_readlinkat>(267, "readlinkat"));
    TRY(register_call<sys_faccessat>(269, "faccessat"));
    TRY(register_call<sys_renameat2>(316, "renameat2"));
    TRY(register_call<sys_faccessat2>(439, "faccessat2"));
    return {};
}

}  // namespace exo::posix_x
