// The order in which locks may be taken, outermost first. A thread may take a lock only if every lock that it
// holds has a lower rank. Debug and hosted builds check this on each acquisition.
#pragma once

#include "utils/types.hpp"

namespace exo::sync {

enum class LockRank : u8 {
    // Sleeping locks (scheduler/mutex.hpp).
    FilePosition,  ///< An open file description's offset.
    MountTable,
    Rename,      ///< One directory move at a time.
    Directory,   ///< A directory's entries; rename takes two of them, parents before children.
    Inode,       ///< A file's content and attributes.
    EpollGraph,  ///< The graph of epolls and the files that they watch.
    Epoll,       ///< The entries of one epoll. An outer epoll's lock is taken before those of the epolls that
                 ///< it watches.
    Pipe,
    InFlight,  ///< Capabilities in transit through sockets. Threads that move them share it.
    Socket,
    Terminal,
    Port,           ///< A driver's stream.
    FileUnmapping,  ///< Held while the pages of a file with a store are unmapped from all address spaces.
    AddressSpace,   ///< Page faults take it shared; no lock of lower rank is taken under it.
    SleepingLeaf,   ///< For locks under which no other sleeping lock is taken.

    // Spin locks; interrupts stay on.
    ProcessTree,
    Process,
    SignalState,
    SignalActions,
    Task,
    CapabilityTable,
    Dentry,
    FileSystem,
    FileMapping,   ///< The areas that map a file.
    LeafTable,     ///< A page table of a program; faults take it.
    NetworkFlow,   ///< A connection of TCP, a listener: held while a segment is processed and sent.
    PortTable,     ///< The ports that are in use.
    FlowTable,     ///< A bucket of the table of connections.
    DueList,       ///< Connections with timers.
    SocketTable,   ///< A bucket of the sockets of UDP, ICMP or raw; packets are handed to sockets under it.
    SocketExtras,  ///< Memberships and queued errors of one socket.
    SocketQueue,   ///< The received packets of one socket.
    Reassembly,    ///< Fragments that wait for others.
    NetworkConfiguration,  ///< Addresses, routes, groups, path MTUs.
    Neighbours,            ///< Hardware addresses of neighbours, and packets that wait for one.
    Inheritance,           ///< The graph of priority inheritance.
    SpinLeaf,    ///< Spin locks under which only CallTrace, TraceQueue and the IrqOff ones are taken.
    CallTrace,   ///< The records of a traced task. Every copy from or to user memory appends one, whatever
                 ///< locks are held.
    TraceQueue,  ///< The list of traced tasks with records to send.

    // Spin locks that interrupt handlers take too; interrupts are off.
    Device,
    Timer,     ///< Held while a timer's callback runs, which may wake a queue.
    Expiries,  ///< Work that interrupts have left to a thread.
    WaitQueue,
    EpollReady,  ///< The ready list of an epoll.
    ThreadRegistry,
    RunQueue,
    Random,
    StackSlots,  ///< The address ranges of kernel stacks, and the reserve of stacks.
    KernelMap,   ///< The kernel's own page tables and stack slots.
    Heap,
    Slab,
    Frames,
    Log,
    Console,  ///< The serial port, which the log takes under any lock.

    COUNT,
};
static_assert(static_cast<u32>(LockRank::COUNT) <= 64, "held ranks are one bit each in a word");

}  // namespace exo::sync
