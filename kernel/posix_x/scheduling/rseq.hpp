// Restartable sequences (rseq(2)): a thread tells the kernel by a word of its memory which critical section it is in. If another thread
// has run meanwhile, or a signal is to be handled, it goes on at the section's abort address.
//
// A thread that has registered an area gets Work::Rseq whenever another thread has run on its CPU (UserState::on_resume). Others pay
// nothing.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// On the way to user mode, with Work::Rseq: the thread's CPU is written into its area, and a critical section that it is in is left for
/// its abort address. An area or a section that is not as it must be is SIGSEGV.
void resume_sequence(Task& task, arch::UserRegisters& registers);

/// Before the frame of a signal is pushed: the critical section is left, so that the handler returns to its abort address. False: the area
/// is not as it must be, and the thread gets SIGSEGV.
bool leave_sequence(Task& task, arch::UserRegisters& registers);

/// The child of fork, in a copy of its parent's memory, has its parent's area. It does not run yet.
void copy_rseq(const Task& parent, Task& child);

/// The calling task begins a new program, which has no area.
void forget_rseq(Task& task);

}  // namespace exo::posix_x
