#include "posix_x/polling/poll_set.hpp"

#include <optional>

#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using fs::PollEvents;

/// An O_PATH descriptor cannot be polled (open(2)). As on Linux, it counts as closed.
constexpr Rights NEEDED = Rights::Poll;

/// The events of a descriptor that cannot be polled. LINUX: select refuses closed descriptors; an O_PATH
/// descriptor is ready for every requested event, as for poll (do_select). Errors: Ebadf.
[[gnu::cold, gnu::noinline]] Result<PollEvents> without_file(const PollEntry& entry,
                                                             ClosedDescriptor closed) {
    if (closed == ClosedDescriptor::IsAnError && !current_task().files()->copy(static_cast<u32>(entry.fd)))
        return Error::Ebadf;
    return PollEvents::Nval;
}

/// A file to wait for, and its entry.
struct Watched {
    FileUse file;
    PollEntry* entry;
};

/// Takes references to the entries' files. Entries with a negative or closed descriptor get their result at
/// once.
Result<Vector<Watched>> take_files(std::span<PollEntry> entries, ClosedDescriptor closed) {
    Vector<Watched> watched;
    TRY(watched.reserve(entries.size()));
    for (PollEntry& entry : entries) {
        scheduler::preempt_point();
        entry.found = PollEvents::None;
        if (entry.fd < 0) continue;
        Result<FileUse> file = use_file(Descriptor(static_cast<u64>(entry.fd)), NEEDED);
        if (file) {
            watched.push_within_capacity({std::move(*file), &entry});
        } else {
            entry.found = TRY(without_file(entry, closed));
        }
    }
    return watched;
}

/// Polls the files. `table` is used only in the first round and only until an event is found, because the
/// call does not wait then.
usize look(std::span<Watched> watched, fs::PollTable* table) {
    usize count = 0;
    for (Watched& one : watched) {
        scheduler::preempt_point();
        const PollEvents events = one.file->poll(count == 0 ? table : nullptr);
        one.entry->found = events & one.entry->wanted;
        if (one.entry->found != PollEvents::None) ++count;
    }
    return count;
}

/// `poll(fd)`: the events of its file, or nothing if it has none that can be polled.
template <class Poll>
Result<usize> look_once_by(std::span<PollEntry> entries, ClosedDescriptor closed, Poll&& poll) {
    usize count = 0;
    for (PollEntry& entry : entries) {
        scheduler::preempt_point();
        entry.found = PollEvents::None;
        if (entry.fd < 0) continue;
        const std::optional<PollEvents> found = poll(entry.fd);
        entry.found = found ? *found & entry.wanted : TRY(without_file(entry, closed));
        if (entry.found != PollEvents::None) ++count;
    }
    return count;
}

/// Polls the files once, without keeping references and without entering queues; most calls need no more.
/// Errors: Ebadf.
Result<usize> look_once(std::span<PollEntry> entries, ClosedDescriptor closed) {
    security::CapabilityTable& files = *current_task().files();
    if (files.is_own()) [[likely]]
        return look_once_by(entries, closed, [&](i32 fd) -> std::optional<PollEvents> {
            Object* object = files.verify_own(static_cast<u32>(fd), NEEDED);
            if (object == nullptr || object->object_kind() != ObjectKind::File) return std::nullopt;
            return static_cast<fs::File*>(object)->poll(nullptr);
        });
    return look_once_by(entries, closed, [](i32 fd) -> std::optional<PollEvents> {
        const Result<FileUse> file = use_file(Descriptor(static_cast<u64>(fd)), NEEDED);
        return file ? std::optional((*file)->poll(nullptr)) : std::nullopt;
    });
}

usize count_closed(std::span<const PollEntry> entries) {
    usize count = 0;
    for (const PollEntry& entry : entries)
        if (entry.found == PollEvents::Nval) ++count;
    return count;
}

/// Waits for events, after a first look found none.
Result<usize> watch(std::span<PollEntry> entries, time::Deadline deadline, ClosedDescriptor closed) {
    Vector<Watched> watched = TRY(take_files(entries, closed));
    const usize closed_count = count_closed(entries);  // another thread may have closed one meanwhile
    while (true) {
        // A wake-up takes the table out of the queue that it came through, so that it must be entered again.
        fs::ThreadPollTable table;
        const usize count = look(watched.span(), closed_count > 0 ? nullptr : &table) + closed_count;
        if (count > 0) return count;
        // As on Linux, a signal that waits to be handled counts before the time that is up.
        TRY(scheduler::check_interrupted(scheduler::WaitMode::Interruptible));
        TRY(table.status());
        const Result<> result = scheduler::park(scheduler::WaitMode::Interruptible, deadline);
        if (result) continue;
        if (result.error() != Error::Etimedout) return result.error();
        return look(watched.span(), nullptr);
    }
}

}  // namespace

Result<usize> wait_for_events(std::span<PollEntry> entries, time::Deadline deadline,
                              ClosedDescriptor closed) {
    const usize count = TRY(look_once(entries, closed));
    if (count > 0) return count;
    if (!deadline.has_passed()) return watch(entries, deadline, closed);
    TRY(scheduler::check_interrupted(scheduler::WaitMode::Interruptible));
    return 0uz;
}

}  // namespace exo::posix_x
