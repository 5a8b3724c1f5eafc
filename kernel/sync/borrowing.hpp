// Borrowing: a reader uses an object in a shared structure for a short time, without a lock and without a
// reference. An owner that removes an object from the structure waits until no CPU can still use it, and then
// releases it.
//
//     {
//         const sync::Borrowing borrowing(table);       // the reader
//         use(*table.slot.load());                      // seq_cst, as the owner's change
//     }
//     Object* old = table.slot.exchange(nullptr);       // the owner
//     sync::Borrowing::wait_for_others(table);
//     old->release();
//
// The order of operations is that of hazard pointers (M. Michael, 2004), with one pointer per CPU to a whole
// structure: either the reader sees the change, or the owner sees the reader.
#pragma once

#include "arch/interface.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

class [[nodiscard]] Borrowing {
  public:
    /// Until it is destroyed, the thread must not sleep, must not begin another Borrowing, and does bounded
    /// work.
    explicit Borrowing(const void* owner) { begin(owner); }
    ~Borrowing() { end(); }
    Borrowing(const Borrowing&) = delete;
    Borrowing& operator=(const Borrowing&) = delete;

    /// The bodies of the constructor and the destructor, for code in which only some paths borrow.
    static void begin(const void* owner) {
        DEBUG_ASSERT(arch::announcement_of(arch::cpu_index()) == nullptr);
        // seq_cst: comes before the reader's look at the structure, in the one order that includes
        // wait_for_others
        arch::announce(owner);
    }
    // release: the reader's accesses happen before those of the owner after its wait
    static void end() { arch::withdraw_announcement(); }

    /// Call after a seq_cst change of the structure. When it returns, no CPU uses an object that the change
    /// removed. Spins while there are such readers.
    static void wait_for_others(const void* owner) {
        const u32 count = arch::announcing_cpus();
        for (u32 cpu = 0; cpu < count; ++cpu) {
            if (cpu == arch::cpu_index()) continue;
            while (arch::announcement_of(cpu) == owner) arch::relax();
        }
    }
};

}  // namespace exo::sync
