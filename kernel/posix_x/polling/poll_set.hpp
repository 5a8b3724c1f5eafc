// PollSet: waiting for several files at once, for poll and select alike.
#pragma once

#include "fs/file/poll.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// One file to watch. Of what the file has, `found` gets what is in `wanted`, and nothing else counts; a closed
/// descriptor is POLLNVAL.
struct PollEntry {
    i32 fd;
    fs::PollEvents wanted;
    fs::PollEvents found;
};

/// What a descriptor without an open file yields.
enum class ClosedDescriptor : u8 {
    IsAnEvent,  ///< POLLNVAL, for poll.
    IsAnError,  ///< EBADF, for select.
};

/// Waits until an entry has something, or until `deadline`; a negative fd is left out. Returns how many have.
/// The files are held open meanwhile, whatever others do with the descriptors.
/// Errors: RestartSys, Enomem, Ebadf (see ClosedDescriptor).
Result<usize> wait_for_events(std::span<PollEntry> entries, time::Deadline deadline, ClosedDescriptor closed);

}  // namespace exo::posix_x
