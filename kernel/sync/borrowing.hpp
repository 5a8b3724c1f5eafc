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

#include "arch/interface.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

class [[nodiscard]] Borrowing {
  public:
    /// Until it is destroyed: no sleep, no other Borrowing, bounded work.
    explicit Borrowing(const void* owner) { begin(owner); }
    ~Borrowing() { end(); }
    Borrowing(const Borrowing&) = delete;
    Borrowing& operator=(const Borrowing&) = delete;

    /// The constructor and the destructor, for a borrowing that only some paths need.
    static void begin(const void* owner) {
        DEBUG_ASSERT(arch::announcement_of(arch::cpu_index()) == nullptr);
        // seq_cst: before the reader's look at the structure in the order that wait_for_others is part of
        arch::announce(owner);
    }
    // release: what the reader did happens before what the owner does after its wait
    static void end() { arch::withdraw_announcement(); }

    /// After a seq_cst change of the structure: no CPU borrows what the change has taken out. Spins for as long as readers are inside.
    static void wait_for_others(const void* owner) {
        const u32 count = arch::announcing_cpus();
        for (u32 cpu = 0; cpu < count; ++cpu) {
            if (cpu == arch::cpu_index()) continue;
            while (arch::announcement_of(cpu) == owner) arch::relax();
        }
    }
};

}  // namespace exo::sync
