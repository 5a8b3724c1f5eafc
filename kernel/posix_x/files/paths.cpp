// Making, removing, renaming and resolving names; the working directory.
#include "posix_x/files/paths.hpp"

#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::AccessFlags;
using abi::AtFlags;

/// A copied path and its dirfd, which every *at call has.
struct Place {
    UserPath path;
    StartDirectory directory;

    /// Errors: those of UserPath::copy and StartDirectory::of.
    Result<> find(Descriptor start, PathArgument argument, EmptyPath empty = EmptyPath::Refused) {
        TRY(path.copy(argument));
        directory = TRY(StartDirectory::of(start, path.view(), empty));
        return {};
    }
    fs::Start start() const { return directory.start(); }
    std::string_view name() const { return path.view(); }
};

}  // namespace

Result<> sys_mkdirat(Context&, Start directory, NewPath path, Mode mode) {
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    return fs::make_directory(current_task().caller(), target.start(), target.name(), mode);
}
Result<> sys_mkdir(Context& context, NewPath path, Mode mode) {
    return sys_mkdirat(context, here(), path, mode);
}

Result<> sys_mknodat(Context&, Start directory, NewPath path, NodeMode mode, Device device) {
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    return fs::make_node(current_task().caller(), target.start(), target.name(), mode,
                         abi::DeviceNumber::decode(device));
}
Result<> sys_mknod(Context& context, NewPath path, NodeMode mode, Device device) {
    return sys_mknodat(context, here(), path, mode, device);
}

static Result<> remove(Start directory, PathArgument path, AtFlags flags) {
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path));
    const fs::Caller caller = current_task().caller();
    if (has(flags, AtFlags::Removedir)) return fs::remove_directory(caller, target.start(), target.name());
    return fs::unlink(caller, target.start(), target.name());
}
Result<> sys_unlinkat(Context&, Start directory, PathOf<PathUse::Removed> path,
                      Known<AtFlags::Removedir> flags) {
    return remove(directory, path, TRY(flags.checked()));
}
Result<> sys_unlink(Context&, PathOf<PathUse::Removed> path) { return remove(here(), path, AtFlags::None); }
Result<> sys_rmdir(Context&, PathOf<PathUse::RemovedDirectory> path) {
    return remove(here(), path, AtFlags::Removedir);
}

Result<> sys_renameat2(Context&, Start old_directory, OldName old_path, Start new_directory, NewName new_path,
                       abi::RenameFlags flags) {
    TRY(fs::check_rename_flags(flags));
    [[clang::uninitialized]] Place from;
    TRY(from.find(old_directory, old_path));
    [[clang::uninitialized]] Place to;
    if (const Result<> found = to.find(new_directory, new_path); !found) {
        // Errors of the old path are reported first.
        TRY(fs::check_parent(current_task().caller(), from.start(), from.name()));
        return found;
    }
    return fs::rename(current_task().caller(), from.start(), from.name(), to.start(), to.name(), flags);
}
Result<> sys_renameat(Context& context, Start old_directory, OldName old_path, Start new_directory,
                      NewName new_path) {
    return sys_renameat2(context, old_directory, old_path, new_directory, new_path, abi::RenameFlags::None);
}
Result<> sys_rename(Context& context, OldName old_path, NewName new_path) {
    return sys_renameat2(context, here(), old_path, here(), new_path, abi::RenameFlags::None);
}

Result<> sys_linkat(Context&, Start old_directory, ExistingPath old_path, Start new_directory,
                    NewPath new_path, LinkFlags given) {
    const AtFlags flags = TRY(given.checked());
    // LINUX: asked before either path is looked at. Else a file could be given a name that was only handed on.
    const bool may_be_empty = current_task().credentials().may(fs::Privilege::DacReadSearch);
    if (has(flags, AtFlags::EmptyPath) && !may_be_empty) return Error::Enoent;
    [[clang::uninitialized]] Place from;
    TRY(from.find(old_directory, old_path, empty_path(has(flags, AtFlags::EmptyPath))));
    [[clang::uninitialized]] Place to;
    if (const Result<> found = to.find(new_directory, new_path); !found) {
        TRY(fs::check_link_source(current_task().caller(), from.start(), from.name(), flags));
        return found;
    }
    return fs::make_link(current_task().caller(), from.start(), from.name(), to.start(), to.name(), flags);
}
Result<> sys_link(Context& context, ExistingPath old_path, NewPath new_path) {
    return sys_linkat(context, here(), old_path, here(), new_path, AtFlags::None);
}

Result<> sys_symlinkat(Context&, LinkText target, Start directory, NewPath path) {
    [[clang::uninitialized]] UserPath text;
    TRY(text.copy(target));
    if (text.view().empty()) return Error::Enoent;
    [[clang::uninitialized]] Place link;
    TRY(link.find(directory, path));
    return fs::make_symlink(current_task().caller(), text.view(), link.start(), link.name());
}
Result<> sys_symlink(Context& context, LinkText target, NewPath path) {
    return sys_symlinkat(context, target, here(), path);
}

static Result<usize> read_link(Start directory, PathArgument path, BufferArgument buffer, i32 size) {
    if (size <= 0) return Error::Einval;
    [[clang::uninitialized]] Place link;
    TRY(link.find(directory, path, EmptyPath::Allowed));  // it is an error, but a later one
    String text;
    TRY(fs::read_link(current_task().caller(), link.start(), link.name(), text));
    const usize length = std::min(text.size(), static_cast<usize>(size));
    TRY(vm::write_user(buffer.address, bytes_of(text.view().substr(0, length))));
    return length;
}
Answer<Size> sys_readlinkat(Context&, Start directory, PathOf<PathUse::Symlink> path, OutBytes<3> buffer,
                            SignedSize size) {
    return read_link(directory, path, buffer, size);
}
Answer<Size> sys_readlink(Context&, PathOf<PathUse::Symlink> path, OutBytes<2> buffer, SignedSize size) {
    return read_link(here(), path, buffer, size);
}

static Result<> check_access(Start directory, PathArgument path, AccessWanted wanted, AccessChecks given) {
    const abi::AccessMode mode = TRY(wanted.checked());
    const AccessFlags flags = TRY(given.checked());
    Task& task = current_task();
    [[clang::uninitialized]] Place target;
    TRY(target.find(directory, path, empty_path(has(flags, AccessFlags::EmptyPath))));
    const fs::Credentials credentials =
        has(flags, AccessFlags::Eaccess) ? task.credentials() : task.identity().real_credentials();
    auto walk = has(flags, AccessFlags::SymlinkNofollow) ? fs::WalkFlags::None : fs::WalkFlags::FollowLast;
    if (has(flags, AccessFlags::EmptyPath)) walk |= fs::WalkFlags::AllowEmpty;
    return fs::check_access({credentials, task.paths()}, target.start(), target.name(), mode, walk);
}
Result<> sys_access(Context&, ExistingPath path, AccessWanted mode) {
    return check_access(here(), path, mode, AccessFlags::None);
}
Result<> sys_faccessat(Context&, Start directory, ExistingPath path, AccessWanted mode) {
    return check_access(directory, path, mode, AccessFlags::None);
}
Result<> sys_faccessat2(Context&, Start directory, ExistingPath path, AccessWanted mode, AccessChecks flags) {
    return check_access(directory, path, mode, flags);
}

// ---- Working directory, root, umask

Result<> sys_chdir(Context&, DirectoryPath path) {
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    fs::Path target = TRY(fs::resolve(task.caller(), {}, name.view(),
                                      fs::WalkFlags::FollowLast | fs::WalkFlags::RequireDirectory));
    TRY(fs::check_directory(target, task.credentials()));
    task.paths().set_working_directory(std::move(target));
    return {};
}

Result<> sys_fchdir(Context&, DirectoryDescriptor fd) {
    Task& task = current_task();
    const FileUse file = TRY(use_file(fd, Rights::Lookup));
    if (!file->path()) return Error::Enotdir;
    TRY(fs::check_directory(file->path(), task.credentials()));
    task.paths().set_working_directory(file->path());
    return {};
}

Result<> sys_chroot(Context&, DirectoryPath path) {
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    fs::Path target = TRY(fs::resolve(task.caller(), {}, name.view(),
                                      fs::WalkFlags::FollowLast | fs::WalkFlags::RequireDirectory));
    TRY(fs::check_directory(target, task.credentials()));
    if (!task.identity().can(Capability::SysChroot)) return Error::Eperm;
    task.paths().set_root(std::move(target));
    return {};
}

Answer<Size> sys_getcwd(Context&, OutBytes<1> buffer, Size size) {
    Task& task = current_task();
    String text;
    const fs::PathState state =
        TRY(fs::append_path(task.paths().working_directory(), task.paths().root(), text));
    if (state == fs::PathState::Deleted) return Error::Enoent;
    String shown;
    if (state == fs::PathState::Unreachable) TRY(shown.append("(unreachable)"));
    TRY(shown.append(text.view()));
    const usize length = shown.size() + 1;
    if (length > size) return Error::Erange;
    TRY(vm::write_user(buffer.address, bytes_of({shown.c_str(), length})));
    return length;
}

Answer<ModeMask> sys_umask(Context&, ModeMask mask) { return current_task().paths().set_umask(mask); }

Result<> sys_truncate(Context&, ExistingPath path, FileOffset size) {
    if (size < 0) return Error::Einval;
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    const Result<> result =
        fs::truncate(task.caller(), {}, name.view(), static_cast<u64>(size), write_context(task));
    if (!result && result.error() == Error::Efbig && task.process->limit(Resource::FileSize) != NO_LIMIT)
        (void)send_signal_to_task(task, info_from(task, Signal::Xfsz, signal_code::USER));
    return result;
}

}  // namespace exo::posix_x
