// Address spaces: what a program sees as its memory.
//
// Key types: AddressSpace (areas, page table, limits), AddressSpace::Edit (edit.hpp: one change of it), Area and AreaSet (area.hpp), PageSource (page_source.hpp: where
// pages of files and shared memory come from), UserIn/UserOut (user_memory.hpp), OutBuffer/InBuffer (io_buffer.hpp).
// Neighbours: memory (frames, page tables) and scheduler (the lock) below; fs implements PageSource; posix_x calls this
// from mmap(2) and its family, fork and execve, and turns failed faults into signals.
// Locking: one sleeping reader-writer lock a space. Faults share it; they change entries of the page table only by
// compare-exchange from what they saw. Everything else holds it exclusively. References to sources and files are
// dropped after it is released; no copy from or to a program runs under it.
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
    u64 locked = ~0ULL;         ///< RLIMIT_MEMLOCK; none for who has CAP_IPC_LOCK.
    bool may_map_low = false;   ///< CAP_SYS_RAWIO: below MIN_MAP_ADDRESS too.

    /// LINUX: a soft limit of 0 bounds brk alone, and mappings by the hard one (may_expand_vm).
    u64 mapped_data() const { return data != 0 ? data : hard_data; }
};

/// Where things go; execve chooses (ASLR is its matter).
struct SpaceLayout {
    enum class Search : u8 { TopDown, BottomUp };  ///< BottomUp: ADDR_COMPAT_LAYOUT (personality(2)).
    u64 map_top = memory::USER_END - 16 * MIB;     ///< mmap looks for free ranges downwards from here.
    u64 brk_start = 0;                             ///< Page-aligned; 0: brk has no room.
    Search search = Search::TopDown;
};

/// LINUX: vm.mmap_min_addr. Lower addresses only for those who may (CAP_SYS_RAWIO).
inline constexpr u64 MIN_MAP_ADDRESS = 64 * KIB;
/// /proc/sys/vm/mmap_min_addr: below it only CAP_SYS_RAWIO maps anything.
inline constinit std::atomic<u64> min_map_address{MIN_MAP_ADDRESS};

/// mmap(2), its descriptor resolved.
struct MapRequest {
    u64 address = 0;
    u64 length = 0;
    Protection protection = Protection::None;
    MapFlags flags = MapFlags::Private;
    u64 offset = 0;            ///< Into the source, page-aligned.
    u64 file_end = ~0ULL;      ///< Where files of this type end at the latest. LINUX: file_mmap_size_max.
    Ref<PageSource> source{};  ///< Null: anonymous.
    Ref<Object> file{};        ///< Kept with the mapping.
    Result<> file_answer{};  ///< Why the file cannot be mapped so; asked only after the place has been found.
    /// What the file's open mode lets mprotect grant later; a shared mapping of a file open for reading has no Write.
    Protection allowed = Protection::Read | Protection::Write | Protection::Exec;
    u64 min_address = min_map_address.load(std::memory_order_relaxed);
};

/// Why a fault could not be resolved.
enum class FaultResult : u8 {
    Resolved,
    NothingMapped,  ///< SIGSEGV, SEGV_MAPERR
    AccessDenied,   ///< SIGSEGV, SEGV_ACCERR
    ExecuteOnly,    ///< SIGSEGV, SEGV_PKUERR: the key of such memory
    KeyDenied,      ///< SIGSEGV, SEGV_PKUERR: the program has closed all memory that has no key.
    BeyondEnd,      ///< SIGBUS, BUS_ADRERR: behind the end of the file, or it could not be read
    OutOfMemory,    ///< The killer found nobody, or the program itself
    Interrupted,    ///< The thread is to die, and waits for no page any more
    MustWait,       ///< Inside of vm only: a page has to be read, without the lock of the space
};

struct FaultAccess {
    bool is_write : 1 = false;
    bool is_fetch : 1 = false;
    bool violates_key : 1 = false;
};

/// Pages, for /proc/PID/status and statm.
struct SpaceStatistics {
    u64 virtual_pages = 0;
    u64 peak_virtual_pages = 0;
    u64 resident_anonymous = 0;
    u64 resident_source = 0;  ///< Of files and shared memory.
    u64 peak_resident = 0;
    u64 data_pages = 0;  ///< Private, writable, not stack (VmData without the stack).
    u64 stack_pages = 0;
    u64 executable_pages = 0;
    u64 locked_pages = 0;
    u64 page_table_bytes = 0;
    u64 areas = 0;
};

/// One area as /proc/PID/maps shows it.
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
    /// Empty. Errors: Enomem.
    static Result<Ref<AddressSpace>> create(SpaceLayout layout = {}, MemoryLimits limits = {});
    ~AddressSpace() override;

    memory::PageTable& page_table() { return page_table_; }
    void set_layout(SpaceLayout layout);
    /// Those that count where set_limits_source has nothing to say.
    void set_limits(MemoryLimits limits);

    // ---- The system calls. Lengths and addresses are the program's: nothing about them has been checked.

    /// mmap(2): the address. Errors: Einval, Enomem, Eexist, Eacces, Eoverflow, Eperm, Eopnotsupp.
    Result<u64> map(MapRequest request);
    /// munmap(2). Errors: Einval, Enomem.
    Result<> unmap(u64 address, u64 length);
    /// mprotect(2), with what is added where an area allows it. Errors: Einval, Enomem, Eacces; areas before the one
    /// that failed are changed.
    Result<> protect(u64 address, u64 length, Protection protection,
                     Protection where_allowed = Protection::None);
    /// mremap(2). Errors: Einval, Efault, Enomem.
    Result<u64> remap(u64 old_address, u64 old_length, u64 new_length, RemapFlags flags, u64 new_address);
    /// brk(2): the break afterwards, moved or not.
    u64 brk(u64 address);
    /// madvise(2). Errors: Einval, Enomem, Ebadf, Eacces, Efault.
    Result<> advise(u64 address, u64 length, abi::Advice advice);
    /// msync(2). Errors: Einval, Enomem, Ebusy (MS_INVALIDATE of locked memory), and the source's.
    Result<> sync(u64 address, u64 length, abi::SyncFlags flags);
    /// mincore(2): one byte a page, bit 0 set if it is resident; `visit` gets them in order, outside the lock. All pages of a
    /// file of which `may_see` says no count as resident; it is asked with the space locked.
    /// Errors: Einval (address), Enomem, and what `visit` answers.
    Result<> residency(u64 address, u64 length, FunctionRef<bool(const Object& file)> may_see,
                       FunctionRef<Result<>(std::span<const u8>)> visit);

    /// mlock(2), mlock2(2): the pages are there afterwards, unless they are to be locked when touched.
    /// Errors: Eperm (none may be locked), Enomem (too many, a hole, a page that cannot be had), Einval, Eagain.
    Result<> lock_pages(u64 address, u64 length, abi::LockFlags flags);
    /// munlock(2). Errors: Einval, Enomem (a hole; what is before it is unlocked).
    Result<> unlock_pages(u64 address, u64 length);
    /// mlockall(2). Errors: Einval, Eperm, Enomem.
    Result<> lock_all(abi::LockAllFlags flags);
    /// munlockall(2).
    void unlock_all();

    /// fork(2): a copy that shares all frames until either side writes. Errors: Enomem; this space is as before then.
    Result<Ref<AddressSpace>> clone();

    // ---- Faults, and access from outside.

    FaultResult fault(u64 address, FaultAccess access);
    /// Faults the pages of a range in, as far as possible; areas that forbid the access are skipped (MAP_POPULATE).
    void populate(u64 address, u64 length);
    /// A counted reference to the frame at `address`, as if the program had accessed it. Errors: Efault, Enomem.
    Result<memory::FrameRef> pin_page(u64 address, FaultAccess access);
    /// The page is there, and was accessible, for a moment. Errors: Efault, Enomem.
    Result<> touch(u64 address, FaultAccess access);
    /// Copies between kernel memory and a space that need not be the current one. Errors: Efault; a part may be done.
    Result<> read_remote(u64 address, std::span<u8> to);
    Result<> write_remote(u64 address, std::span<const u8> from);

    // ---- For /proc.

    SpaceStatistics statistics();
    /// The most pages that were resident at a time, without a lock.
    u64 peak_resident() const;
    u64 brk_start();
    u64 brk_end();
    /// The first area that ends above `address`, or nothing. Walk on from its end.
    std::optional<AreaInformation> area_above(u64 address);

  private:
    friend class PageSource;
    class Edit;   // edit.hpp: what changes areas or takes pages away, with the lock held exclusively
    class Fault;  // fault.hpp: what resolves a page fault, with the lock shared

    struct State {
        AreaSet areas;
        SpaceLayout layout;
        MemoryLimits limits;
        u64 brk_end = 0;
        u64 peak_bytes = 0;
        AreaFlags future_lock = AreaFlags::None;  ///< What new areas get after mlockall(MCL_FUTURE).
    };
    using Lock = scheduler::RwLock<State, sync::LockRank::AddressSpace>;

    explicit AddressSpace(SpaceLayout layout, MemoryLimits limits);

    /// Pages that came (or, negative, went). The counters are atomics and belong to no lock.
    struct Resident {
        i64 anonymous = 0;
        i64 source = 0;
    };
    void count_resident(Resident change);

    /// Calls `use` with the page's frame while the space is locked for sharing, so that no fork comes between.
    Result<> with_page(u64 address, FaultAccess access, FunctionRef<void(const memory::FrameRef&)> use);

    memory::PageTable page_table_;
    Lock lock_;
    std::atomic<i64> resident_anonymous_{0};
    std::atomic<i64> resident_source_{0};
    std::atomic<i64> peak_resident_{0};
    /// Areas found last by a fault; cleared under the exclusive lock. A hint that saves the walk down the tree.
    std::atomic<Area*> last_area_{nullptr};
};

/// Asks for the limits of who runs: they, not the space's, bound what a call adds to it (Linux: rlimit). So a change
/// counts at once, and for a space that several share, each has his own. Nothing: a thread without limits.
using LimitsSource = std::optional<MemoryLimits> (*)();
void set_limits_source(LimitsSource source);

/// Makes a hole in a mapped file, for sources that leave that to it (madvise(2), MADV_REMOVE). Called without locks.
using ContentRemover = Result<> (*)(Object& file, u64 offset, u64 length);
void set_content_remover(ContentRemover remover);

/// Once, after the frame allocator: the frame of zeros that untouched memory reads. Errors: Enomem.
Result<> initialise();

/// The address space loaded on this CPU: the current thread's, if it has a user side; else null or a stale one.
AddressSpace* current_address_space();
/// Loads it: execve, after which the old one may go.
void switch_address_space(AddressSpace& space);

/// Asked when a fault finds no memory, without any lock: true after it freed some (the fault is tried again).
using OutOfMemoryHook = bool (*)(AddressSpace& space);
void set_out_of_memory_hook(OutOfMemoryHook hook);

/// What upcalls::page_fault answers, and what user_exception makes of it.
inline upcalls::FaultReason reason_of(FaultResult result) {
    return static_cast<upcalls::FaultReason>(result);
}
inline FaultResult result_of(upcalls::FaultReason reason) { return static_cast<FaultResult>(reason); }
static_assert(static_cast<u8>(FaultResult::Resolved) == static_cast<u8>(upcalls::FaultReason::None));

}  // namespace exo::vm
