#include "posix_x/syscalls/support.hpp"

#include "abi/linux/limits.hpp"

namespace exo::posix_x {

Result<> UserPath::copy(PathArgument path) {
    size_ = TRY(vm::read_user_string(path.address, inline_));
    if (size_ == INLINE_SIZE)
        long_ = TRY(vm::UserString(path.address).read(abi::MAX_PATH_SIZE, Error::Enametoolong));
    return {};
}

[[gnu::cold, gnu::noinline]] Error why_unusable(Descriptor fd, Error missing) {
    const auto capability = current_task().files()->copy(static_cast<u32>(fd.value));
    if (!capability || capability->object->object_kind() != ObjectKind::File) return Error::Ebadf;
    const auto& file = static_cast<const fs::File&>(*capability->object);
    return file.is_path_only() ? Error::Ebadf : missing;
}

Result<StartDirectory> StartDirectory::of_descriptor(Descriptor fd, std::string_view path, EmptyPath empty) {
    StartDirectory start;
    if (path.empty() && empty == EmptyPath::Refused) return Error::Enoent;
    const FileUse file = TRY(use_file(fd, Rights::Lookup));
    // A file without a place in the tree (a pipe) can only be named by an empty path; as a start it is no directory.
    if (!file->path() && !path.empty()) return Error::Enotdir;
    start.path_ = TRY(file->place());
    return start;
}

void raise_write_signal(Error error) {
    Task& task = current_task();
    if (error == Error::Epipe)
        (void)send_signal_to_task(task, info_from(task, Signal::Pipe, signal_code::USER));
    else if (error == Error::Efbig && task.process->limit(Resource::FileSize) != NO_LIMIT)
        (void)send_signal_to_task(task, info_from(task, Signal::Xfsz, signal_code::USER));
}

u32 descriptor_limit() {
    const u64 limit = current_task().open_files_limit();
    return static_cast<u32>(std::min(limit, max_descriptors.load(std::memory_order_relaxed)));
}

Result<u32> duplicate_descriptor(Descriptor fd, security::OnExec on_exec, u32 minimum) {
    Task& task = current_task();
    security::Capability capability = TRY(task.files()->copy(static_cast<u32>(fd.value)));
    return task.files()->install(std::move(capability), on_exec, descriptor_limit(), minimum);
}

Result<u32> install_file(Ref<fs::File> file, security::OnExec on_exec) {
    Task& task = current_task();
    const Rights rights = file->rights();
    return task.files()->install({std::move(file), rights}, on_exec, descriptor_limit());
}

}  // namespace exo::posix_x
