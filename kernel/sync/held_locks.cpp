#include "sync/held_locks.hpp"

#include <bit>

#include "utils/format.hpp"

namespace exo::sync {

namespace {
constinit ThreadHeader boot_headers[arch::MAX_CPUS];
}

ThreadHeader& thread_header() {
    auto* header = static_cast<ThreadHeader*>(arch::current_thread());
    return header != nullptr ? *header : boot_headers[arch::cpu_index()];
}

#if defined(EXO_DEBUG)

namespace {

constexpr u64 bit(LockRank rank) { return 1ULL << static_cast<u32>(rank); }

std::string_view name_of(LockRank rank) {
    switch (rank) {
        case LockRank::FilePosition: return "FilePosition";
        case LockRank::MountTable: return "MountTable";
        case LockRank::Rename: return "Rename";
        case LockRank::Directory: return "Directory";
        case LockRank::Inode: return "Inode";
        case LockRank::EpollGraph: return "EpollGraph";
        case LockRank::Epoll: return "Epoll";
        case LockRank::Pipe: return "Pipe";
        case LockRank::InFlight: return "InFlight";
        case LockRank::Socket: return "Socket";
        case LockRank::Terminal: return "Terminal";
        case LockRank::Port: return "Port";
        case LockRank::FileUnmapping: return "FileUnmapping";
        case LockRank::AddressSpace: return "AddressSpace";
        case LockRank::SleepingLeaf: return "SleepingLeaf";
        case LockRank::ProcessTree: return "ProcessTree";
        case LockRank::Process: return "Process";
        case LockRank::SignalState: return "SignalState";
        case LockRank::SignalActions: return "SignalActions";
        case LockRank::Task: return "Task";
        case LockRank::CapabilityTable: return "CapabilityTable";
        case LockRank::Dentry: return "Dentry";
        case LockRank::FileSystem: return "FileSystem";
        case LockRank::FileMapping: return "FileMapping";
        case LockRank::LeafTable: return "LeafTable";
        case LockRank::NetworkFlow: return "NetworkFlow";
        case LockRank::PortTable: return "PortTable";
        case LockRank::FlowTable: return "FlowTable";
        case LockRank::DueList: return "DueList";
        case LockRank::SocketTable: return "SocketTable";
        case LockRank::SocketExtras: return "SocketExtras";
        case LockRank::SocketQueue: return "SocketQueue";
        case LockRank::Reassembly: return "Reassembly";
        case LockRank::NetworkConfiguration: return "NetworkConfiguration";
        case LockRank::Neighbours: return "Neighbours";
        case LockRank::Inheritance: return "Inheritance";
        case LockRank::SpinLeaf: return "SpinLeaf";
        case LockRank::CallTrace: return "CallTrace";
        case LockRank::TraceQueue: return "TraceQueue";
        case LockRank::Device: return "Device";
        case LockRank::Expiries: return "Expiries";
        case LockRank::WaitQueue: return "WaitQueue";
        case LockRank::EpollReady: return "EpollReady";
        case LockRank::ThreadRegistry: return "ThreadRegistry";
        case LockRank::Timer: return "Timer";
        case LockRank::RunQueue: return "RunQueue";
        case LockRank::Random: return "Random";
        case LockRank::StackSlots: return "StackSlots";
        case LockRank::KernelMap: return "KernelMap";
        case LockRank::Heap: return "Heap";
        case LockRank::Slab: return "Slab";
        case LockRank::Frames: return "Frames";
        case LockRank::Log: return "Log";
        case LockRank::Console: return "Console";
        case LockRank::COUNT: break;
    }
    return "?";
}

/// `held` is not 0: the innermost of these is named.
[[noreturn]] void report_order(LockRank rank, u64 held) {
    static constinit char message[128];  // the machine ends with it
    usize size = 0;
    const auto highest = static_cast<LockRank>(std::bit_width(held) - 1);
    format_to([&](std::string_view text) { size += text.copy(message + size, sizeof(message) - 1 - size); },
              "lock order: {} is taken while {} is held", name_of(rank), name_of(highest));
    panic(message);
}

}  // namespace

void note_acquired(LockRank rank, Nesting nesting) {
    ThreadHeader& header = thread_header();
    const u64 forbidden = nesting == Nesting::Ordered ? ~(bit(rank) - 1) : ~(bit(rank) | (bit(rank) - 1));
    if (const u64 held = header.held_ranks & forbidden; held != 0) [[unlikely]]
        report_order(rank, held);
    header.held_ranks |= bit(rank);
    if (rank >= LockRank::ProcessTree) ++header.spin_locks_held;
}

void note_released(LockRank rank) {
    ThreadHeader& header = thread_header();
    header.held_ranks &= ~bit(rank);
    if (rank >= LockRank::ProcessTree) --header.spin_locks_held;
}

void assert_no_spin_locks() {
    ASSERT(thread_header().spin_locks_held == 0 && "giving up the CPU with a spin lock held");
}

void assert_may_sleep() {
    assert_no_spin_locks();
    ASSERT(arch::interrupts_enabled() && "sleeping with interrupts off");
}

#endif

}  // namespace exo::sync
