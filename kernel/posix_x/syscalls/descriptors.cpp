// Descriptors themselves: open, close, dup, fcntl, pipes, eventfds.
#include "ipc/eventfd.hpp"
#include "ipc/pipe.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::FcntlCommand;
using abi::OpenFlags;
using security::OnExec;

constexpr OnExec on_exec(OpenFlags flags) {
    return has(flags, OpenFlags::Cloexec) ? OnExec::Close : OnExec::Keep;
}

u32 descriptor_limit() { return static_cast<u32>(std::min<u64>(current_task().open_files_limit(), ~0U)); }

// ---- open

Result<u32> open_at(Descriptor directory, PathArgument path, OpenFlags flags, u32 mode) {
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    const StartDirectory start = TRY(StartDirectory::of(directory, name.view()));
    security::Reservation slot = TRY(task.files->reserve(descriptor_limit()));
    Ref<fs::File> file = TRY(fs::open(task.caller(), start.start(), name.view(), flags, mode));
    const Rights rights = file->rights();
    return slot.commit({std::move(file), rights}, on_exec(flags));
}

Result<u32> sys_open(Context&, PathArgument path, OpenFlags flags, u32 mode) {
    return open_at(Descriptor(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)), path, flags, mode);
}

Result<u32> sys_openat(Context&, Descriptor directory, PathArgument path, OpenFlags flags, u32 mode) {
    return open_at(directory, path, flags, mode);
}

Result<u32> sys_creat(Context&, PathArgument path, u32 mode) {
    const OpenFlags flags = OpenFlags::Creat | OpenFlags::Wronly | OpenFlags::Trunc;
    return open_at(Descriptor(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)), path, flags, mode);
}

// ---- close, dup

/// close(2)'s answer comes from the file; the descriptor is gone whatever it is.
Result<> finish_close(Ref<Object> object) {
    if (!object || object->object_kind() != ObjectKind::File) return {};
    return static_cast<fs::File&>(*object).on_close();
}

Result<> sys_close(Context&, Descriptor fd) {
    return finish_close(TRY(current_task().files->close(static_cast<u32>(fd.value))));
}

Result<> sys_close_range(Context&, u32 first, u32 last, u32 flags) {
    constexpr u32 UNSHARE = 2;
    constexpr u32 CLOEXEC = 4;
    if ((flags & ~(UNSHARE | CLOEXEC)) != 0 || first > last) return Error::Einval;
    Task& task = current_task();
    if ((flags & UNSHARE) != 0 && !task.files.is_only_user()) {
        security::TableUser own = TRY(task.files.clone());
        auto guard = task.task_lock.lock();  // /proc of other processes looks at the table under it
        task.files = std::move(own);         // swaps: the old one is left by `own`, after the lock
    }
    const auto action =
        (flags & CLOEXEC) != 0 ? security::RangeAction::MarkCloseOnExec : security::RangeAction::Close;
    task.files->close_range(first, last, action,
                            [](Ref<Object> object) { (void)finish_close(std::move(object)); });
    return {};
}

Result<u32> duplicate(Descriptor fd, OnExec mode, u32 minimum) {
    Task& task = current_task();
    security::Capability capability = TRY(task.files->copy(static_cast<u32>(fd.value)));
    return task.files->install(std::move(capability), mode, descriptor_limit(), minimum);
}

Result<u32> sys_dup(Context&, Descriptor fd) { return duplicate(fd, OnExec::Keep, 0); }

Result<u32> duplicate_to(Descriptor from, Descriptor to, OnExec mode) {
    Task& task = current_task();
    if (static_cast<u32>(to.value) >= descriptor_limit()) return Error::Ebadf;
    security::Capability capability = TRY(task.files->copy(static_cast<u32>(from.value)));
    Ref<Object> replaced = TRY(
        task.files->install_at(static_cast<u32>(to.value), std::move(capability), mode, descriptor_limit()));
    (void)finish_close(std::move(replaced));  // dup2(2): errors of this close are lost
    return static_cast<u32>(to.value);
}

Result<u32> sys_dup2(Context&, Descriptor from, Descriptor to) {
    if (from.value == to.value) {
        TRY(current_task().files->on_exec(static_cast<u32>(from.value)));
        return static_cast<u32>(to.value);
    }
    return duplicate_to(from, to, OnExec::Keep);
}

Result<u32> sys_dup3(Context&, Descriptor from, Descriptor to, OpenFlags flags) {
    if ((flags & ~OpenFlags::Cloexec) != OpenFlags{} || from.value == to.value) return Error::Einval;
    return duplicate_to(from, to, on_exec(flags));
}

// ---- fcntl

Result<u64> duplicate_from(Descriptor fd, u64 minimum, OnExec mode) {
    if (minimum >= current_task().open_files_limit()) {
        TRY(current_task().files->on_exec(static_cast<u32>(fd.value)));
        return Error::Einval;
    }
    return TRY(duplicate(fd, mode, static_cast<u32>(minimum)));
}

Result<u64> fcntl_of_file(fs::File& file, FcntlCommand command, u64 argument) {
    switch (command) {
        case FcntlCommand::Getfl: return static_cast<u64>(file.flags());
        case FcntlCommand::Setfl:
            TRY(file.set_status_flags(static_cast<OpenFlags>(argument), current_task().credentials()));
            return 0ULL;
        case FcntlCommand::Getpipesz: return TRY(file.pipe_capacity());
        case FcntlCommand::Setpipesz: {
            if (argument > 0x80000000ULL) return Error::Einval;
            return TRY(file.set_pipe_capacity(static_cast<u32>(argument), current_task().credentials()));
        }
        default: return Error::Einval;  // record locks, leases, signals on input and seals are not there
    }
}

Result<u64> sys_fcntl(Context&, Descriptor fd, FcntlCommand command, u64 argument) {
    security::CapabilityTable& files = *current_task().files;
    const auto number = static_cast<u32>(fd.value);
    switch (command) {
        case FcntlCommand::Dupfd: return duplicate_from(fd, argument, OnExec::Keep);
        case FcntlCommand::DupfdCloexec: return duplicate_from(fd, argument, OnExec::Close);
        case FcntlCommand::Getfd: return TRY(files.on_exec(number)) == OnExec::Close ? 1ULL : 0ULL;
        case FcntlCommand::Setfd:
            TRY(files.set_on_exec(number,
                                  (argument & abi::FD_CLOSE_ON_EXEC) != 0 ? OnExec::Close : OnExec::Keep));
            return 0ULL;
        default: break;
    }
    const bool looks_only = command == FcntlCommand::Getfl;
    const FileUse file = TRY(use_file(fd, looks_only ? Rights::Inspect : Rights::Configure));
    return fcntl_of_file(*file, command, argument);
}

// ---- ioctl: what concerns any descriptor; the rest is the file's.

Result<u64> sys_ioctl(Context&, Descriptor fd, u32 request, u64 argument) {
    security::CapabilityTable& files = *current_task().files;
    const FileUse file = TRY(use_file(fd, Rights::Control));
    switch (static_cast<abi::FileIoctl>(request)) {
        case abi::FileIoctl::Fioclex:
            TRY(files.set_on_exec(static_cast<u32>(fd.value), OnExec::Close));
            return 0ULL;
        case abi::FileIoctl::Fionclex:
            TRY(files.set_on_exec(static_cast<u32>(fd.value), OnExec::Keep));
            return 0ULL;
        case abi::FileIoctl::Fionbio: {
            const i32 on = TRY(vm::UserIn<i32>(argument).read());
            file->set_blocking(on != 0 ? fs::File::Blocking::No : fs::File::Blocking::Yes);
            return 0ULL;
        }
        case abi::FileIoctl::Fionread: {
            const Result<u64> bytes = file->readable_bytes();
            if (!bytes && bytes.error() == Error::Enotty) break;
            const i32 value = static_cast<i32>(std::min<u64>(TRY(bytes), INT32_MAX));
            TRY(vm::UserOut<i32>(argument).write(value));
            return 0ULL;
        }
        default: break;
    }
    return file->ioctl(request, argument);
}

// ---- pipes, eventfds

struct PipeNumbers {
    u32 reader;
    u32 writer;
};

Result<> sys_pipe2(Context&, vm::UserOut<PipeNumbers> out, OpenFlags flags) {
    if ((flags & ~(OpenFlags::Cloexec | OpenFlags::Nonblock | OpenFlags::Direct)) != OpenFlags{})
        return Error::Einval;
    Task& task = current_task();
    ipc::PipePair pipe = TRY(ipc::create_pipe(flags, task.credentials()));
    security::ReservedPair slots = TRY(task.files->reserve_pair(descriptor_limit()));
    TRY(out.write({slots.first.number(), slots.second.number()}));
    const Rights read_rights = pipe.reader->rights();
    const Rights write_rights = pipe.writer->rights();
    slots.first.commit({std::move(pipe.reader), read_rights}, on_exec(flags));
    slots.second.commit({std::move(pipe.writer), write_rights}, on_exec(flags));
    return {};
}

Result<> sys_pipe(Context& context, vm::UserOut<PipeNumbers> out) {
    return sys_pipe2(context, out, OpenFlags{});
}

Result<u32> sys_eventfd2(Context&, u32 initial, OpenFlags flags) {
    constexpr auto SEMAPHORE = static_cast<OpenFlags>(1);
    if ((flags & ~(SEMAPHORE | OpenFlags::Cloexec | OpenFlags::Nonblock)) != OpenFlags{})
        return Error::Einval;
    const auto mode = has(flags, SEMAPHORE) ? ipc::EventMode::Semaphore : ipc::EventMode::Counter;
    return install_file(TRY(ipc::create_event_file(initial, mode, flags & OpenFlags::Nonblock)),
                        on_exec(flags));
}

Result<u32> sys_eventfd(Context& context, u32 initial) { return sys_eventfd2(context, initial, OpenFlags{}); }

Result<u32> sys_socket(Context&, i32, i32, i32) {
    return Error::Eafnosupport;  // no address family is there
}

}  // namespace

Result<> register_descriptor_calls() {
    using syscall::register_call;
    TRY(register_call<sys_open>(2, "open"));
    TRY(register_call<sys_close>(3, "close"));
    TRY(register_call<sys_ioctl>(16, "ioctl"));
    TRY(register_call<sys_pipe>(22, "pipe"));
    TRY(register_call<sys_dup>(32, "dup"));
    TRY(register_call<sys_dup2>(33, "dup2"));
    TRY(register_call<sys_socket>(41, "socket"));
    TRY(register_call<sys_fcntl>(72, "fcntl"));
    TRY(register_call<sys_creat>(85, "creat"));
    TRY(register_call<sys_openat>(257, "openat"));
    TRY(register_call<sys_eventfd>(284, "eventfd"));
    TRY(register_call<sys_eventfd2>(290, "eventfd2"));
    TRY(register_call<sys_dup3>(292, "dup3"));
    TRY(register_call<sys_pipe2>(293, "pipe2"));
    TRY(register_call<sys_close_range>(436, "close_range"));
    return {};
}

}  // namespace exo::posix_x
