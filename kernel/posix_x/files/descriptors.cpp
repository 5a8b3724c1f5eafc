// Descriptors themselves: open, close, dup, pipes, eventfds.
#include "abi/linux/socket.hpp"
#include "ipc/eventfd.hpp"
#include "ipc/pipe.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::CloseRangeFlags;
using abi::EventFlags;
using abi::OpenFlags;
using security::OnExec;

constexpr OnExec on_exec(OpenFlags flags) {
    return has(flags, OpenFlags::Cloexec) ? OnExec::Close : OnExec::Keep;
}

// ---- open

/// There is no path, nowhere to start, or no place for a descriptor: wrong flags come before that.
[[gnu::cold, gnu::noinline]] Error why_not_opened(OpenFlags flags, Error error) {
    const Result<> checked = fs::check_open_flags(flags);
    return checked ? error : checked.error();
}

Result<u32> open_at(Descriptor directory, PathArgument path, OpenFlags asked, u32 mode) {
    const OpenFlags flags = asked | OpenFlags::Largefile;  // LINUX: set for every 64-bit program
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    if (const Result<> copied = name.copy(path); !copied) return why_not_opened(flags, copied.error());
    auto slot = task.files->reserve(descriptor_limit());
    if (!slot) return why_not_opened(flags, name.view().empty() ? Error::Enoent : slot.error());
    const Result<StartDirectory> start = StartDirectory::of(directory, name.view());
    if (!start) return why_not_opened(flags, start.error());
    Ref<fs::File> file = TRY(fs::open(task.caller(), start->start(), name.view(), flags, mode));
    const Rights rights = file->rights();
    return slot->commit({std::move(file), rights}, on_exec(flags));
}

using OpenedPath = PathOf<PathUse::Opened>;

Answer<NewDescriptor> sys_open(Context&, OpenedPath path, OpenFlags flags, Mode mode) {
    return open_at(Descriptor(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)), path, flags, mode);
}

Answer<NewDescriptor> sys_openat(Context&, Start directory, OpenedPath path, OpenFlags flags, Mode mode) {
    return open_at(directory, path, flags, mode);
}

Answer<NewDescriptor> sys_creat(Context&, OpenedPath path, Mode mode) {
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

Result<> sys_close_range(Context&, DescriptorNumber first_number, DescriptorNumber last_number,
                         Known<CloseRangeFlags::Unshare | CloseRangeFlags::Cloexec> given) {
    const CloseRangeFlags flags = TRY(given.checked());
    const auto first = static_cast<u32>(first_number.value);
    const auto last = static_cast<u32>(last_number.value);
    if (first > last) return Error::Einval;
    Task& task = current_task();
    if (has(flags, CloseRangeFlags::Unshare) && !task.files.is_only_user()) {
        security::TableUser own = TRY(task.files.clone());
        auto guard = task.task_lock.lock();  // /proc of other processes looks at the table under it
        task.files = std::move(own);         // swaps: the old one is left by `own`, after the lock
    }
    const auto action = has(flags, CloseRangeFlags::Cloexec) ? security::RangeAction::MarkCloseOnExec
                                                             : security::RangeAction::Close;
    task.files->close_range(first, last, action,
                            [](Ref<Object> object) { (void)finish_close(std::move(object)); });
    return {};
}

Answer<NewDescriptor> sys_dup(Context&, Descriptor fd) { return duplicate_descriptor(fd, OnExec::Keep, 0); }

Result<u32> duplicate_to(Descriptor from, Descriptor to, OnExec mode) {
    Task& task = current_task();
    if (static_cast<u32>(to.value) >= descriptor_limit()) return Error::Ebadf;
    security::Capability capability = TRY(task.files->copy(static_cast<u32>(from.value)));
    Ref<Object> replaced = TRY(
        task.files->install_at(static_cast<u32>(to.value), std::move(capability), mode, descriptor_limit()));
    (void)finish_close(std::move(replaced));  // dup2(2): errors of this close are lost
    return static_cast<u32>(to.value);
}

Answer<DescriptorNumber> sys_dup2(Context&, Descriptor from, DescriptorNumber to) {
    if (from.value == to.value) {
        TRY(current_task().files->on_exec(static_cast<u32>(from.value)));
        return static_cast<u32>(to.value);
    }
    return duplicate_to(from, to, OnExec::Keep);
}

Answer<DescriptorNumber> sys_dup3(Context&, Descriptor from, DescriptorNumber to,
                                  Known<OpenFlags::Cloexec> given) {
    const OpenFlags flags = TRY(given.checked());
    if (from.value == to.value) return Error::Einval;
    return duplicate_to(from, to, on_exec(flags));
}

// ---- pipes, eventfds

struct PipeNumbers {
    u32 reader;
    u32 writer;
};
using PipeNumbersOut = FixedArray<NewDescriptor, Direction::Out, 2>;
/// LINUX: O_NOTIFICATION_PIPE, by which a pipe reports what happens to keys: a flag that is known where the reports are not.
constexpr OpenFlags NOTIFICATION_PIPE = OpenFlags::Excl;
using PipeFlags = Known<OpenFlags::Cloexec | OpenFlags::Nonblock | OpenFlags::Direct | NOTIFICATION_PIPE>;

Result<> sys_pipe2(Context&, PipeNumbersOut out, PipeFlags given) {
    const OpenFlags flags = TRY(given.checked());
    if (has(flags, NOTIFICATION_PIPE)) return Error::Enopkg;
    Task& task = current_task();
    ipc::PipePair pipe = TRY(ipc::create_pipe(flags, task.credentials()));
    security::ReservedPair slots = TRY(task.files->reserve_pair(descriptor_limit()));
    TRY(vm::UserOut<PipeNumbers>(out.address).write({slots.first.number(), slots.second.number()}));
    const Rights read_rights = pipe.reader->rights();
    const Rights write_rights = pipe.writer->rights();
    slots.first.commit({std::move(pipe.reader), read_rights}, on_exec(flags));
    slots.second.commit({std::move(pipe.writer), write_rights}, on_exec(flags));
    return {};
}

Result<> sys_pipe(Context& context, PipeNumbersOut out) { return sys_pipe2(context, out, OpenFlags{}); }

using KnownEventFlags = Known<EventFlags::Semaphore | EventFlags::Nonblock | EventFlags::Cloexec>;

Answer<NewDescriptor> sys_eventfd2(Context&, Count32 initial, KnownEventFlags given) {
    const EventFlags flags = TRY(given.checked());
    const auto mode = has(flags, EventFlags::Semaphore) ? ipc::EventMode::Semaphore : ipc::EventMode::Counter;
    const auto file_flags = static_cast<OpenFlags>(abi::raw(flags));  // the same bits
    TRY(fs::check_open_file_count(current_task().credentials()));
    return install_file(TRY(ipc::create_event_file(initial, mode, file_flags & OpenFlags::Nonblock)),
                        on_exec(file_flags));
}

Answer<NewDescriptor> sys_eventfd(Context& context, Count32 initial) {
    return sys_eventfd2(context, initial, EventFlags::None);
}

Answer<NewDescriptor> sys_socket(Context&, abi::AddressFamily,
                                 ChoiceWith<abi::SocketType, abi::SocketFlags> type, ProtocolNumber) {
    if ((static_cast<i32>(type.choice()) & ~abi::SOCKET_TYPES) != 0) return Error::Einval;
    return Error::Eafnosupport;  // no address family is there
}

}  // namespace

Result<> register_descriptor_calls() {
    using syscall::register_call;
    TRY(register_call<sys_open>(2, "open"));
    TRY(register_call<sys_close>(3, "close"));
    TRY(register_call<sys_pipe>(22, "pipe"));
    TRY(register_call<sys_dup>(32, "dup"));
    TRY(register_call<sys_dup2>(33, "dup2"));
    TRY(register_call<sys_socket>(41, "socket"));
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
