// PollSet: waits for several files at once. poll and select use it.
#pragma once

#include "fs/file/poll.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// One file to watch. `found` receives the events that are in `wanted`. A closed descriptor gives POLLNVAL.
struct PollEntry {
    i32 fd;
    fs::PollEvents wanted;
    fs::PollEvents found;
};

/// How a descriptor without an open file is reported.
enum class ClosedDescriptor : u8 {
    IsAnEvent,  ///< POLLNVAL, for poll.
    IsAnError,  ///< EBADF, for select.
};

/// Waits until an entry has an event, or until `deadline`; skips entries with a negative fd. Returns how many
/// have events. Holds references to the files, so other threads may close the descriptors meanwhile.
/// Errors: RestartSys, Enomem, Ebadf (see ClosedDescriptor).
Result<usize> wait_for_events(std::span<PollEntry> entries, time::Deadline deadline, ClosedDescriptor closed);

}  // namespace exo::posix_x
