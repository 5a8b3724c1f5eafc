// Address spaces: the memory of a program.
//
// Key types: AddressSpace (areas, page table, limits), AddressSpace::Edit (edit.hpp: one change of it), Area
// and AreaSet (area.hpp), PageSource (page_source.hpp: the source of pages of files and shared memory),
// UserIn/UserOut (user_memory.hpp), OutBuffer/InBuffer (io_buffer.hpp).
// Neighbours: memory (frames, page tables) and scheduler (the lock) below; fs implements PageSource; posix_x
// calls it for mmap(2) and related calls, fork and execve, and turns failed faults into signals.
// Locking: one sleeping reader-writer lock for each space. Faults take it shared; they change page table
// entries only by compare-exchange from the value that they saw. All other operations take it exclusively.
// References to sources and files are dropped after its release; no copy from or to a program runs under it.
#pragma once

#include "arch/upcalls.hpp"
#include "memory/virtual/page_table.hpp"
#include "scheduler/mutex.hpp"
#include "vm/area.hpp"

namespace exo::vm {

using abi::MapFlags;
using abi::RemapFlags;

/// Resource limits that address spaces enforce, in bytes (getrlimit(2)).
struct MemoryLimits {
    u64 address_space = ~0ULL;  ///< RLIMIT_AS
    u64 data = ~0ULL;           ///< RLIMIT_DATA
    u64 hard_data = ~0ULL;      ///< The hard limit of it.
    u64 stack = 8 * MIB;        ///< RLIMIT_STACK
    u64 locked = ~0ULL;         ///< RLIMIT_MEMLOCK. No limit for a task with CAP_IPC_LOCK.
    bool may_map_low = false;   ///< CAP_SYS_RAWIO: the task may also map below MIN_MAP_ADDRESS.

    /// The limit for mappings. LINUX: a soft limit of 0 applies to brk only, and mappings use the hard limit
    /// (may_expand_vm).
    u64 mapped_data() const { return data != 0 ? data : hard_data; }
};

/// Where mappings are placed. execve chooses it, including address randomisation.
struct SpaceLayout {
    enum class Search : u8 { TopDown, BottomUp };  ///< BottomUp: ADDR_COMPAT_LAYOUT (personality(2)).
    u64 map_top = memory::USER_END - 16 * MIB;     ///< mmap searches free ranges downwards from here.
    u64 brk_start = 0;                             ///< Page-aligned; 0: brk has no room.
    Search search = Search::TopDown;
};

/// LINUX: vm.mmap_min_addr. Only a task with CAP_SYS_RAWIO may map lower addresses.
inline constexpr u64 MIN_MAP_ADDRESS = 64 * KIB;
/// /proc/sys/vm/mmap_min_addr: only a task with CAP_SYS_RAWIO may map below it.
inline constinit std::atomic<u64> min_map_address{MIN_MAP_ADDRESS};

/// The arguments of mmap(2), with the descriptor resolved.
struct MapRequest {
    u64 address = 0;
    u64 length = 0;
    Protection protection = Protection::None;
    MapFlags flags = MapFlags::Private;
    u64 offset = 0;            ///< Offset in the source, page-aligned.
    u64 file_end = ~0ULL;      ///< The largest possible end of a file of this type. LINUX:
                               ///< file_mmap_size_max.
    Ref<PageSource> source{};  ///< Null: anonymous.
    Ref<Object> file{};        ///< The mapping keeps a reference to it.
    Result<> file_answer{};  ///< The error if the file cannot be mapped with these rights. It is checked only
                             ///< after the address has been chosen.
    /// The rights that mprotect may grant later. A shared mapping of a file that is open for reading only has
    /// no Write.
    Protection allowed = Protection::Read | Protection::Write | Protection::Exec;
    u64 min_address = min_map_address.load(std::memory_order_relaxed);
};

/// Why a fault could not be resolved.
enum class FaultResult : u8 {
    Resolved,
    NothingMapped,  ///< SIGSEGV, SEGV_MAPERR
    AccessDenied,   ///< SIGSEGV, SEGV_ACCERR
    ExecuteOnly,    ///< SIGSEGV, SEGV_PKUERR: a read of execute-only memory.
    KeyDenied,      ///< SIGSEGV, SEGV_PKUERR: the program has disabled access to all memory without a
                    ///< protection key.
    BeyondEnd,      ///< SIGBUS, BUS_ADRERR: behind the end of the file, or it could not be read
    OutOfMemory,    ///< There is no memory, and the out-of-memory killer found no process to kill or chose
                    ///< this one.
    Interrupted,    ///< The thread is being killed and does not wait for the page.
    MustWait,       ///< Only inside vm: a page must be read, for which the lock of the space is released.
};

struct FaultAccess {
    bool is_write : 1 = false;
    bool is_fetch : 1 = false;
    bool violates_key : 1 = false;
};

/// Counts of pages for /proc/PID/status and statm.
struct SpaceStatistics {
    u64 virtual_pages = 0;
    u64 peak_virtual_pages = 0;
    u64 resident_anonymous = 0;
    u64 resident_source = 0;  ///< Pages of files and shared memory.
    u64 peak_resident = 0;
    u64 data_pages = 0;  ///< Private, writable pages without the stack (VmData).
    u64 stack_pages = 0;
    u64 executable_pages = 0;
    u64 locked_pages = 0;
    u64 page_table_bytes = 0;
    u64 areas = 0;
};

/// One area, as in /proc/PID/maps.
struct AreaInformation {
    u64 start = 0;
    u64 end = 0;
    AreaKind kind;
    u64 offset = 0;
    Ref<PageSource> source;
    Ref<Object> file;
    bool is_heap = false;
};

class AddressSpace final : public Object {
  public:
    /// Makes an empty space. Errors: Enomem.
    static Result<Ref<AddressSpace>> create(SpaceLayout layout = {}, MemoryLimits limits = {});
    ~AddressSpace() override;

    memory::PageTable& page_table() { return page_table_; }
    void set_layout(SpaceLayout layout);
    /// Sets the limits for threads without limits of their own (set_limits_source).
    void set_limits(MemoryLimits limits);

    // ---- The system calls. Lengths and addresses come from the program unchecked.

    /// mmap(2): returns the address. Errors: Einval, Enomem, Eexist, Eacces, Eoverflow, Eperm, Eopnotsupp.
    Result<u64> map(MapRequest request);
    /// munmap(2). Errors: Einval, Enomem.
    Result<> unmap(u64 address, u64 length);
    /// mprotect(2), with additional rights for areas that allow them. Errors: Einval, Enomem, Eacces; areas
    /// before the failed one are changed.
    Result<> protect(u64 address, u64 length, Protection protection,
                     Protection where_allowed = Protection::None);
    /// mremap(2): returns the new address. Errors: Einval, Efault, Enomem.
    Result<u64> remap(u64 old_address, u64 old_length, u64 new_length, RemapFlags flags, u64 new_address);
    /// brk(2): moves the break if possible, and returns it.
    u64 brk(u64 address);
    /// madvise(2). Errors: Einval, Enomem, Ebadf, Eacces, Efault.
    Result<> advise(u64 address, u64 length, abi::Advice advice);
    /// msync(2). Errors: Einval, Enomem, Ebusy (MS_INVALIDATE of locked memory), and those of the source.
    Result<> sync(u64 address, u64 length, abi::SyncFlags flags);
    /// mincore(2): passes one byte per page to `visit`, in order and without the lock; bit 0 is set if the
    /// page is resident. If `may_see` returns false for a file, all its pages count as resident; `may_see`
    /// runs with the space locked.
    /// Errors: Einval (address), Enomem, and those of `visit`.
    Result<> residency(u64 address, u64 length, FunctionRef<bool(const Object& file)> may_see,
                       FunctionRef<Result<>(std::span<const u8>)> visit);

    /// mlock(2), mlock2(2): makes the pages present, unless they are to be locked on first access.
    /// Errors: Eperm (the limit is 0), Enomem (over the limit, a hole, a page that cannot be made), Einval,
    /// Eagain.
    Result<> lock_pages(u64 address, u64 length, abi::LockFlags flags);
    /// munlock(2). Errors: Einval, Enomem (a hole; areas before it are unlocked).
    Result<> unlock_pages(u64 address, u64 length);
    /// mlockall(2). Errors: Einval, Eperm, Enomem.
    Result<> lock_all(abi::LockAllFlags flags);
    /// munlockall(2).
    void unlock_all();

    /// fork(2): makes a copy that shares all frames until one side writes. Errors: Enomem; this space is
    /// unchanged then.
    Result<Ref<AddressSpace>> clone();

    // ---- Faults, and access by other threads.

    FaultResult fault(u64 address, FaultAccess access);
    /// Faults in as many pages of a range as possible (MAP_POPULATE); skips areas that forbid the access.
    void populate(u64 address, u64 length);
    /// Faults the page at `address` in as for the program, and returns a reference to its frame. Errors:
    /// Efault, Enomem.
    Result<memory::FrameRef> pin_page(u64 address, FaultAccess access);
    /// Faults the page at `address` in. It may be gone again when this returns. Errors: Efault, Enomem.
    Result<> touch(u64 address, FaultAccess access);
    /// Copies between kernel memory and a space that need not be the current one. Errors: Efault; a part may
    /// have been copied.
    Result<> read_remote(u64 address, std::span<u8> to);
    Result<> write_remote(u64 address, std::span<const u8> from);
    /// Writes zeros in the same way.
    Result<> clear_remote(u64 address, u64 size);

    // ---- For /proc.

    SpaceStatistics statistics();
    /// The largest number of resident pages so far. Takes no lock.
    u64 peak_resident() const;
    u64 brk_start();
    u64 brk_end();
    /// The first area that ends above `address`, or nothing. To list all areas, continue from its end.
    std::optional<AreaInformation> area_above(u64 address);

  private:
    friend class PageSource;
    class Edit;   // edit.hpp: changes areas or removes pages, with the lock held exclusively
    class Fault;  // fault.hpp: resolves a page fault, with the lock held shared

    struct State {
        AreaSet areas;
        SpaceLayout layout;
        MemoryLimits limits;
        u64 brk_end = 0;
        u64 peak_bytes = 0;
        AreaFlags future_lock = AreaFlags::None;  ///< The flags of new areas after mlockall(MCL_FUTURE).
    };
    using Lock = scheduler::RwLock<State, sync::LockRank::AddressSpace>;

    explicit AddressSpace(SpaceLayout layout, MemoryLimits limits);

    /// Numbers of pages that were added or (negative) removed. The counters are atomics without a lock.
    struct Resident {
        i64 anonymous = 0;
        i64 source = 0;
    };
    void count_resident(Resident change);

    /// Calls `use` with the page's frame while the lock is held shared, so that no fork intervenes.
    Result<> with_page(u64 address, FaultAccess access, FunctionRef<void(const memory::FrameRef&)> use);

    memory::PageTable page_table_;
    Lock lock_;
    std::atomic<i64> resident_anonymous_{0};
    std::atomic<i64> resident_source_{0};
    std::atomic<i64> peak_resident_{0};
    /// The area that a fault found last, or null. A hint that saves a search; cleared under the exclusive
    /// lock.
    std::atomic<Area*> last_area_{nullptr};
};

/// Returns the limits of the running thread: these bound what a call adds to the space, not limits of the
/// space (Linux: rlimit). So a change takes effect at once, and threads that share a space may have different
/// limits. Nothing: a thread without limits.
using LimitsSource = std::optional<MemoryLimits> (*)();
void set_limits_source(LimitsSource source);

/// Punches a hole into a mapped file whose source leaves that to the file (madvise(2), MADV_REMOVE). Called
/// without locks.
using ContentRemover = Result<> (*)(Object& file, u64 offset, u64 length);
void set_content_remover(ContentRemover remover);

/// Makes the frame of zeros that untouched memory maps. Called once, after the frame allocator was started.
/// Errors: Enomem.
Result<> initialise();

/// The address space that is loaded on this CPU: that of the current thread if it has user state; else null
/// or an old one.
AddressSpace* current_address_space();
/// Loads an address space, for execve. The old one may be dropped afterwards.
void switch_address_space(AddressSpace& space);

/// The hook for a fault that finds no memory. Called without locks. Returns true if it freed memory; the
/// fault is then retried.
using OutOfMemoryHook = bool (*)(AddressSpace& space);
void set_out_of_memory_hook(OutOfMemoryHook hook);

/// The result of upcalls::page_fault for a failed fault. user_exception turns it into a signal.
inline upcalls::FaultReason reason_of(FaultResult result) {
    return static_cast<upcalls::FaultReason>(result);
}
inline FaultResult result_of(upcalls::FaultReason reason) { return static_cast<FaultResult>(reason); }
static_assert(static_cast<u8>(FaultResult::Resolved) == static_cast<u8>(upcalls::FaultReason::None));

}  // namespace exo::vm
