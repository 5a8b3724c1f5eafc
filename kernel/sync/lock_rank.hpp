// The order in which locks may be taken, outermost first. A thread may take a lock only if every lock that it
// holds has a lower rank; debug and hosted builds check it on each acquisition.
#pragma once

#include "utils/types.hpp"

namespace exo::sync {

enum class LockRank : u8 {
    // Locks that sleep (scheduler/mutex.hpp).
    FilePosition,  ///< An open file description's offset.
    MountTable,
    Rename,      ///< One directory move at a time.
    Directory,   ///< A directory's entries; rename takes two of them, parents before children.
    Inode,       ///< A file's content and attributes.
    EpollGraph,  ///< Which epoll watches which file.
    Epoll,       ///< An epoll's entries; an outer one's before those of the epolls that it watches.
    Pipe,
    InFlight,  ///< Capabilities that wait in sockets: shared by who moves them.
    Socket,
    Terminal,
    Port,           ///< A driver's stream.
    FileUnmapping,  ///< Taking the pages of a file with a store out of all address spaces.
    AddressSpace,   ///< Shared by page faults: nothing above is taken under it.
    SleepingLeaf,   ///< For locks under which no other sleeping lock is taken.

    // Spin locks, interrupts on.
    ProcessTree,
    Process,
    SignalState,
    SignalActions,
    Task,
    CapabilityTable,
    Dentry,
    FileSystem,
    FileMapping,  ///< The areas that map a file.
    LeafTable,    ///< A page table of a program, between faults.
    Inheritance,  ///< Who waits for whose lock.
    SpinLeaf,     ///< For spin locks under which no other (but the two below and the IrqOff ones) is taken.
    CallTrace,    ///< What is recorded of a traced task: copies are, under whatever lock they are made.
    TraceQueue,   ///< The traced tasks that have something to send.

    // Spin locks, interrupts off: also taken by handlers.
    Device,
    Timer,     ///< Held while a timer's callback runs, which may wake a queue.
    Expiries,  ///< What interrupts have left for a thread to handle.
    WaitQueue,
    EpollReady,  ///< What an epoll has to report.
    ThreadRegistry,
    RunQueue,
    Random,
    StackSlots,  ///< Kernel stacks' address ranges, and the reserve of stacks.
    KernelMap,   ///< The kernel's own page tables and stack slots.
    Heap,
    Slab,
    Frames,
    Log,
    Console,  ///< The serial port: taken while logging under any lock.

    COUNT,
};
static_assert(static_cast<u32>(LockRank::COUNT) <= 64, "held ranks are one bit each in a word");

}  // namespace exo::sync
