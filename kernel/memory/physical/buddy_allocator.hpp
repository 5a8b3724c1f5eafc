// The allocator of physical frames: a buddy allocator of orders 0 to 12 (4 KiB to 16 MiB), with a stock of
// single frames per CPU in front of it.
//
// Key types: BuddyAllocator (the one instance is `frames`), BuddyStats, FrameRecord (frame_record.hpp),
// FrameRef (frame_ref.hpp). Memory that was never allocated is in "fresh" ranges without records, not in the
// buddies' lists. It enters the lists in chunks of 2 MiB, so that boot takes the same time on any machine.
// Locking: one IrqOff lock guards lists and fresh ranges. Using a stock only needs interrupts off. The
// reclaim hook is called with neither, and only by FrameRef::allocate, whose callers hold no spin lock; the
// heap and page tables allocate under locks that reclaim takes.
#pragma once

#include <array>
#include <span>

#include "boot/memory_map.hpp"
#include "memory/physical/frame_quarantine.hpp"
#include "memory/physical/frame_record.hpp"
#include "sync/per_cpu.hpp"
#include "sync/spin_lock.hpp"
#include "utils/fixed_vector.hpp"
#include "utils/function_ref.hpp"
#include "utils/result.hpp"

namespace exo::memory {

inline constexpr u32 MAX_ORDER = 12;
inline constexpr usize MAX_BLOCK_FRAMES = 1ULL << MAX_ORDER;

struct BuddyStats {
    u64 total_frames = 0;                          ///< Frames in the lists, in the stocks and in fresh
                                                   ///< ranges.
    u64 free_frames = 0;                           ///< Those of free_frames in the CPUs' stocks.
    u64 stocked_frames = 0;                        ///< Those of free_frames that were never allocated.
    u64 fresh_frames = 0;                          ///< Used for the frame records.
    u64 record_frames = 0;                         ///< Free blocks in the lists, by order.
    std::array<u64, MAX_ORDER + 1> free_blocks{};  ///< In the lists, by order.
};

/// Frees frames before FrameRef::allocate fails. Returns how many; after 0 the allocation fails. Called
/// without spin locks; the caller may hold sleeping locks, including that of an address space.
using ReclaimHook = usize (*)(usize frames_wanted);

/// What an allocation does before it fails.
enum class Shortage : u8 {
    Fails,
    Reclaims,  ///< Calls the reclaim hook; the caller holds no spin lock.
};

class BuddyAllocator {
  public:
    constexpr BuddyAllocator() = default;

    /// Takes over `free` without `reserved` (in any order, may overlap), and stores the frame records there.
    /// Frame 0 is never used. Call once, before anything else. Errors: OutOfMemory (no room for the records).
    Result<> initialise(std::span<const boot::PhysicalRange> free,
                        std::span<const boot::PhysicalRange> reserved);
    /// Adds a page-aligned range that was reserved (the start-up code, the initramfs). It must lie between
    /// the lowest and the highest address of `free` in its GiB. Errors: AlignmentError, InvalidAddress.
    Result<> add_reserved_range(boot::PhysicalRange range);

    /// Allocates one frame with one reference. Errors: OutOfMemory.
    Result<PhysicalAddress> alloc_frame(Shortage shortage = Shortage::Fails);
    /// Frees a frame of alloc_frame. Errors: AlignmentError; InvalidAddress: not allocated by alloc_frame,
    /// already free, or with further references.
    Result<> free_frame(PhysicalAddress address);
    /// Allocates `count` contiguous frames with one reference. Errors: InvalidSize (0, or more than
    /// MAX_BLOCK_FRAMES), OutOfMemory.
    Result<PhysicalAddress> alloc_contiguous(usize count);
    /// Frees a block of alloc_contiguous. Errors: AlignmentError; InvalidAddress: not the start of a block;
    /// InvalidSize: not its length.
    Result<> free_contiguous(PhysicalAddress address, usize count);

    /// Allocates one zeroed frame. Errors: OutOfMemory.
    Result<PhysicalAddress> alloc_zeroed_frame(Shortage shortage = Shortage::Fails);
    /// Returns a frame without references to the stock.
    void put_frame(u32 frame);
    void put_frames(std::span<const u32> frames);
    /// Returns a frame that is known to contain only zeros, such as an emptied page table, to the stock of
    /// zeroed frames.
    void put_zeroed_frame(u32 frame);

    BuddyStats get_stats();
    /// The free frames outside the stocks. Cheaper than get_stats.
    u64 free_frames() {
        const auto state = state_.lock();
        return state->listed_frames + state->fresh_frames;
    }
    /// BuddyStats::total_frames, without a lock.
    u64 total_frames() const { return total_frames_.load(std::memory_order_relaxed); }
    // release: pairs with the acquire in reclaim
    void set_reclaim_hook(ReclaimHook hook) { reclaim_hook_.store(hook, std::memory_order_release); }
    /// Returns this CPU's stock to the lists (low memory, tests).
    void drain_stock();
    /// Calls visit(first frame, count) for all free frames, with the lock held. KASAN uses it when it starts.
    void for_each_free(FunctionRef<void(u32, usize)> visit);
    /// Checks that the counters equal the sums over the lists, and that records and blocks agree, for tests.
    /// O(free blocks).
    bool is_consistent();

  private:
    static constexpr u32 STOCK_CAPACITY = 64;
    static constexpr u32 ZEROED_CAPACITY = 30;
    static constexpr u32 BATCH = 32;
    static constexpr u32 BATCH_ORDER = 5;
    static constexpr usize MAX_RANGES = 256;

    /// Frames that were never allocated: [next, end).
    struct FreshRange {
        u32 next = 0;
        u32 end = 0;
    };
    struct State {
        std::array<u32, MAX_ORDER + 1> heads{};  ///< The first block of each order's list; 0: the list is
                                                 ///< empty.
        std::array<u64, MAX_ORDER + 1> blocks{};
        u32 occupied = 0;  ///< One bit for each order whose list is not empty.
        u64 listed_frames = 0;
        u64 fresh_frames = 0;
        u64 record_frames = 0;
        FixedVector<FreshRange, MAX_RANGES> fresh;
    };
    struct Stock {
        std::atomic<u32> count{0};  ///< Written by its CPU only; atomic for get_stats.
        std::atomic<u32> zeroed_count{0};
        u32 frames[STOCK_CAPACITY] = {};
        u32 zeroed[ZEROED_CAPACITY] = {};
    };

    static void push_block(State& state, u32 head, u32 order);
    static void remove_block(State& state, u32 head, u32 order);
    static void free_block(State& state, u32 head, u32 order);
    static void free_range(State& state, u32 first, u32 count);
    static u32 take_block(State& state, u32 order);
    static bool open_fresh_chunk(State& state);
    static bool list_is_consistent(State& state, u32 order);

    static Result<> subtract_reserved(State& state, boot::PhysicalRange range,
                                      std::span<const boot::PhysicalRange> reserved);
    static Result<> place_sections(State& state);
    static Result<u64> carve(State& state, u64 bytes);

    static void start_frame(u32 frame);
    void put_delayed(Stock& stock, u32 frame);
    void put_into(Stock& stock, u32 frame);
    static u32 take_zeroed(Stock& stock);
    bool refill(Stock& stock);
    void drain(Stock& stock, u32 count);
    bool reclaim(usize frames_wanted);
    bool release_quarantines();
    bool release_quarantine();
    u32 try_alloc_frame();

    sync::SpinLocked<State, sync::LockRank::Frames, sync::IrqOff> state_;
    sync::PerCpu<Stock> stocks_;
    std::atomic<u64> total_frames_{0};
    std::atomic<ReclaimHook> reclaim_hook_{nullptr};
    [[no_unique_address]] FrameQuarantine quarantine_;
};

extern constinit BuddyAllocator frames;

// ---- The names that the specification gives to functions of the one instance.

inline Result<PhysicalAddress> alloc_frame() { return frames.alloc_frame(); }
inline Result<> free_frame(PhysicalAddress address) { return frames.free_frame(address); }
inline Result<PhysicalAddress> alloc_contiguous(usize count) { return frames.alloc_contiguous(count); }
inline Result<> free_contiguous(PhysicalAddress address, usize count) {
    return frames.free_contiguous(address, count);
}
inline BuddyStats get_stats() { return frames.get_stats(); }
inline Result<PhysicalAddress> alloc_zeroed_frame() { return frames.alloc_zeroed_frame(); }

/// Drops one reference of a mapping for each of these frames.
void release_mapped_frames(std::span<const u32> mapped);

}  // namespace exo::memory
