// Descriptors themselves: open, close, dup, pipes, eventfds.
#include "posix_x/files/descriptors.hpp"

#include "ipc/eventfd.hpp"
#include "ipc/pipe.hpp"
#include "posix_x/files/closing.hpp"
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

/// The error of an open without a path, a directory or a free descriptor. Linux reports wrong flags before
/// these.
[[gnu::cold, gnu::noinline]] Error why_not_opened(OpenFlags flags, Error error) {
    const Result<> checked = fs::check_open_flags(flags);
    return checked ? error : checked.error();
}

Result<u32> open_at(Descriptor directory, PathArgument path, OpenFlags asked, u32 mode) {
    const OpenFlags flags = asked | OpenFlags::Largefile;  // LINUX: set for every 64-bit program
    Task& task = current_task();
    [[clang::uninitialized]] UserPath name;
    if (const Result<> copied = name.copy(path); !copied) return why_not_opened(flags, copied.error());
    auto slot = task.files()->reserve(descriptor_limit());
    if (!slot) return why_not_opened(flags, name.view().empty() ? Error::Enoent : slot.error());
    const Result<StartDirectory> start = StartDirectory::of(directory, name.view());
    if (!start) return why_not_opened(flags, start.error());
    Ref<fs::File> file = TRY(fs::open(task.caller(), start->start(), name.view(), flags, mode));
    const Rights rights = file->rights();
    return slot->commit({std::move(file), rights}, on_exec(flags));
}

}  // namespace

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

/// The file decides the result of close(2). The descriptor is closed in every case.
Result<> sys_close(Context&, Descriptor fd) {
    security::CapabilityTable& table = *current_task().files();
    return finish_close(table, TRY(table.close(static_cast<u32>(fd.value))));
}

Result<> sys_close_range(Context&, DescriptorNumber first_number, DescriptorNumber last_number,
                         Known<CloseRangeFlags::Unshare | CloseRangeFlags::Cloexec> given) {
    const CloseRangeFlags flags = TRY(given.checked());
    const auto first = static_cast<u32>(first_number.value);
    const auto last = static_cast<u32>(last_number.value);
    if (first > last) return Error::Einval;
    Task& task = current_task();
    if (has(flags, CloseRangeFlags::Unshare) && !task.files().is_only_user()) {
        security::TableUser own = TRY(task.files().clone());
        task.resources.lock()->files = std::move(own);  // swaps: the old one is left after the lock
        leave_files(std::move(own));
    }
    const auto action = has(flags, CloseRangeFlags::Cloexec) ? security::RangeAction::MarkCloseOnExec
                                                             : security::RangeAction::Close;
    security::CapabilityTable& table = *task.files();
    table.close_range(first, last, action,
                      [&](const Ref<Object>& object) { (void)finish_close(table, object); });
    return {};
}

Answer<NewDescriptor> sys_dup(Context&, Descriptor fd) { return duplicate_descriptor(fd, OnExec::Keep, 0); }

static Result<u32> duplicate_to(Descriptor from, Descriptor to, OnExec mode) {
    Task& task = current_task();
    if (static_cast<u32>(to.value) >= descriptor_limit()) return Error::Ebadf;
    security::Capability capability = TRY(task.files()->copy(static_cast<u32>(from.value)));
    Ref<Object> replaced = TRY(task.files()->install_at(static_cast<u32>(to.value), std::move(capability),
                                                        mode, descriptor_limit()));
    (void)finish_close(*task.files(), replaced);  // dup2(2): errors of this close are lost
    return static_cast<u32>(to.value);
}

Answer<DescriptorNumber> sys_dup2(Context&, Descriptor from, DescriptorNumber to) {
    if (from.value == to.value) {
        TRY(current_task().files()->on_exec(static_cast<u32>(from.value)));
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

namespace {

// ---- pipes, eventfds

struct PipeNumbers {
    u32 reader;
    u32 writer;
};
}  // namespace

Result<> sys_pipe2(Context&, PipeNumbersOut out, PipeFlags given) {
    const OpenFlags flags = TRY(given.checked());
    if (has(flags, NOTIFICATION_PIPE)) return Error::Enopkg;
    Task& task = current_task();
    ipc::PipePair pipe = TRY(ipc::create_pipe(flags, task.credentials()));
    security::ReservedPair slots = TRY(task.files()->reserve_pair(descriptor_limit()));
    TRY(vm::UserOut<PipeNumbers>(out.address).write({slots.first.number(), slots.second.number()}));
    const Rights read_rights = pipe.reader->rights();
    const Rights write_rights = pipe.writer->rights();
    slots.first.commit({std::move(pipe.reader), read_rights}, on_exec(flags));
    slots.second.commit({std::move(pipe.writer), write_rights}, on_exec(flags));
    return {};
}

Result<> sys_pipe(Context& context, PipeNumbersOut out) { return sys_pipe2(context, out, OpenFlags{}); }

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

}  // namespace exo::posix_x
