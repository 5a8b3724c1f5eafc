#include "posix_x/futex/robust_list.hpp"

#include "posix_x/futex/futex_table.hpp"
#include "posix_x/futex/pi_futex.hpp"
#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

constexpr u32 HAS_WAITERS = abi::FUTEX_WAITERS;
constexpr u32 OWNER_DIED = abi::FUTEX_OWNER_DIED;
constexpr u32 TID_MASK = abi::FUTEX_TID_MASK;
/// LINUX: ROBUST_LIST_LIMIT. The walk of a longer list, such as a circular one, stops there.
constexpr u32 MOST_ENTRIES = 2048;

/// One link of the list. Bit 0 marks a futex with priority inheritance.
struct Link {
    u64 address = 0;
    bool inherits_priority = false;
    static Link from(u64 word) { return {word & ~u64{1}, (word & 1) != 0}; }
};

/// LINUX: handle_futex_death. Returns false if the walk must end.
bool release_futex(Task& task, u64 address, bool inherits_priority, bool is_pending) {
    if (address % sizeof(u32) != 0) return false;
    const auto wake = [&] { (void)FUTEXES.wake(task, address, FutexScope::Shared, 1, abi::FUTEX_ANY_BIT); };
    while (true) {
        const Result<u32> word = vm::UserIn<u32>(address).read();
        if (!word) return false;
        // Its owner unlocked it and ended before it could wake a waiter.
        if (is_pending && !inherits_priority && *word == 0) {
            wake();
            return true;
        }
        if ((*word & TID_MASK) != static_cast<u32>(task.tid())) return true;
        const Result<u32> seen =
            arch::compare_exchange_user(address, *word, (*word & HAS_WAITERS) | OWNER_DIED);
        if (!seen) {
            // The page is not there, or may only be read.
            if (!task.space().pin_page(address, {.is_write = true})) return false;
            continue;
        }
        if (*seen != *word) continue;
        if (!inherits_priority && (*word & HAS_WAITERS) != 0) wake();
        return true;
    }
}

void walk_robust_list(Task& task) {
    struct Head {
        u64 first;
        i64 offset;
        u64 pending;
    };
    const Result<Head> head = vm::UserIn<Head>(task.robust_list).read();
    if (!head) return;
    const auto word_of = [&](const Link& link) { return link.address + static_cast<u64>(head->offset); };
    const Link pending = Link::from(head->pending);
    Link entry = Link::from(head->first);
    for (u32 count = 0; entry.address != task.robust_list && count < MOST_ENTRIES; ++count) {
        // Before the entry is released: another thread may free it at once.
        const Result<u64> next = vm::UserIn<u64>(entry.address).read();
        const bool goes_on = entry.address == pending.address ||
                             release_futex(task, word_of(entry), entry.inherits_priority, false);
        if (!goes_on) return;
        if (!next) break;
        entry = Link::from(*next);
        scheduler::preempt_point();
    }
    if (pending.address != 0) (void)release_futex(task, word_of(pending), pending.inherits_priority, true);
}

}  // namespace

void announce_end_in_memory(Task& task, AfterMemory next) {
    PI_FUTEXES.begin_end(task);
    if (task.robust_list != 0) {
        walk_robust_list(task);
        task.robust_list = 0;
    }
    PI_FUTEXES.finish_end(
        task, next == AfterMemory::NewProgram ? Task::FutexState::Alive : Task::FutexState::Ended);
    // LINUX: mm_release: nothing is written if no other task uses the memory.
    if (task.clear_child_tid != 0 && task.space().reference_count() > 1) {
        if (vm::UserOut<u32>(task.clear_child_tid).write(0))
            (void)FUTEXES.wake(task, task.clear_child_tid, FutexScope::Shared, 1, abi::FUTEX_ANY_BIT);
    }
    task.clear_child_tid = 0;
}

}  // namespace exo::posix_x
