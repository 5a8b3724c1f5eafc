// Borrowing: a reader uses what a structure holds without a lock and without a reference, for a short time. Whoever takes something out
// of the structure waits, before giving it up, until no CPU can have it any more.
//
//     {
//         const sync::Borrowing borrowing(table);       // the reader
//         use(*table.slot.load());                      // seq_cst, as the owner's change
//     }
//     Object* old = table.slot.exchange(nullptr);       // the owner
//     sync::Borrowing::wait_for_others(table);
//     old->release();
//
// The order is that of hazard pointers (M. Michael, 2004), with one pointer a CPU to a whole structure: either the reader sees the change,
// or the owner sees the reader.
#pragma once

#include <atomic>

#include "sync/per_cpu.hpp"

namespace exo::sync {

class [[nodiscard]] Borrowing {
  public:
    /// Until it is destroyed: no sleep, no other Borrowing, bounded work.
    explicit Borrowing(const void* owner) : place_(places.mine()) {
        DEBUG_ASSERT(place_.load(std::memory_order_relaxed) == nullptr);
        if (arch::cpu_index() >= cpus.load(std::memory_order_relaxed)) [[unlikely]]
            note_cpu();
        // seq_cst: before the reader's look at the structure in the order that wait_for_others is part of
        place_.exchange(owner, std::memory_order_seq_cst);
    }
    // release: what the reader did happens before what the owner does after its wait
    ~Borrowing() { place_.store(nullptr, std::memory_order_release); }
    Borrowing(const Borrowing&) = delete;
    Borrowing& operator=(const Borrowing&) = delete;

    /// After a seq_cst change of the structure: no CPU borrows what the change has taken out. Spins for as long as readers are inside.
    static void wait_for_others(const void* owner) {
        const u32 count = cpus.load(std::memory_order_seq_cst);
        for (u32 cpu = 0; cpu < count; ++cpu) {
            if (cpu == arch::cpu_index()) continue;
            while (places.of(cpu).load(std::memory_order_seq_cst) == owner) arch::relax();
        }
    }

  private:
    static inline constinit PerCpu<std::atomic<const void*>> places;
    /// Those with a smaller number may borrow.
    static inline constinit std::atomic<u32> cpus{1};
    [[gnu::noinline, gnu::cold]] static void note_cpu() {
        u32 known = cpus.load(std::memory_order_relaxed);
        const u32 wanted = arch::cpu_index() + 1;
        while (known < wanted && !cpus.compare_exchange_weak(known, wanted, std::memory_order_seq_cst)) continue;
    }

    std::atomic<const void*>& place_;
};

}  // namespace exo::sync
