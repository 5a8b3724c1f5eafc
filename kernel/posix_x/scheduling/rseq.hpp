// Restartable sequences (rseq(2)): a word in a thread's memory tells the kernel which critical section the
// thread is in. If another thread has run meanwhile, or a signal is to be handled, the thread continues at
// the section's abort address.
//
// A thread with a registered area gets Work::Rseq after another thread has run on its CPU
// (UserState::on_resume). Threads without one pay nothing.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Called on the way to user mode, with Work::Rseq. Writes the CPU number into the thread's area. If the
/// thread is in a critical section, sets it to the abort address. Sends SIGSEGV for an area or a section that
/// is not valid.
void resume_sequence(Task& task, arch::UserRegisters& registers);

/// Called before a signal frame is pushed: ends the critical section, so that the handler returns to its
/// abort address. Returns false if the area is not valid; the thread gets SIGSEGV.
bool leave_own_sequence(Task& task, arch::UserRegisters& registers);
inline bool leave_sequence(Task& task, arch::UserRegisters& registers) {
    return task.rseq.address == 0 || leave_own_sequence(task, registers);
}

/// Copies the area's address to a child of fork, whose memory is a copy. The child does not run yet.
void copy_rseq(const Task& parent, Task& child);

/// Called at execve: the new program has no area.
void forget_rseq(Task& task);

}  // namespace exo::posix_x
