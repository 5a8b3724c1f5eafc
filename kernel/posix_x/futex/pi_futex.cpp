#include "posix_x/futex/pi_futex.hpp"

#include "posix_x/process/process_tree.hpp"
#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

using scheduler::INHERITANCE;
using scheduler::InheritanceGraph;
using scheduler::InheritanceWaiter;
using scheduler::Thread;

constinit PiFutexTable PI_FUTEXES;

/// A thread's wait for one word.
struct PiWaiter : InheritanceWaiter {
    using InheritanceWaiter::InheritanceWaiter;
    bool owner_died = false;  ///< It became the owner by that. The word does not say so yet.
};

namespace {

constexpr u32 WAITERS = abi::FUTEX_WAITERS;
constexpr u32 OWNER_DIED = abi::FUTEX_OWNER_DIED;
constexpr u32 TID_MASK = abi::FUTEX_TID_MASK;

u32 number_of(const Task& task) { return static_cast<u32>(task.tid()); }

Task& task_of(const Thread& thread) { return *static_cast<Task*>(thread.personality()); }

/// Compares and exchanges the word, and does not fault its page in. Errors: Efault.
Result<u32> exchange_word(u64 address, u32 expected, u32 desired) {
    const vm::FaultsDisabled no_faults;
    return arch::compare_exchange_user(address, expected, desired);
}

}  // namespace

/// The state of one call of lock or try_lock.
struct PiFutexTable::Attempt {
    const u64 address;
    const FutexScope scope;
    PiWaiter* const waiter;  ///< Null: it does not wait.

    FutexPlace place{};
    u32 looked_for = 0;    ///< The number that `owner` was found by.
    Ref<Task> owner{};     ///< The task with that number, if there is one.
    Box<PiFutex> spare{};  ///< For the first waiter of a word.
    PiFutex* futex = nullptr;
    Ref<Thread> next_in_chain{};  ///< Of the wait: spread_urgency continues with it.

    enum class Outcome : u8 { Acquired, Waits, Failed, Again, Faulted, NeedsSpare, OwnerEnds } outcome{};
    Error error{};

    void fail(Error why) {
        outcome = Outcome::Failed;
        error = why;
    }
};

using Outcome = PiFutexTable::Attempt::Outcome;

/// Whether the word agrees with the kernel's state. LINUX: attach_to_pi_state.
static bool fits(const PiFutex& futex, u32 word) {
    const u32 number = word & TID_MASK;
    const bool owner_died = (word & OWNER_DIED) != 0;
    if (owner_died && number == 0) return true;
    return !futex.is_word_stale && number == number_of(*futex.owner);
}

/// LINUX: attach_to_pi_owner, handle_exit_race.
void PiFutexTable::attach_to_owner(InheritanceGraph& graph, Attempt& attempt, u32 word) {
    const Task* owner = attempt.owner.get();
    const Task::FutexState state =
        owner != nullptr ? owner->futex_state.load(std::memory_order_relaxed) : Task::FutexState::Ended;
    if (state == Task::FutexState::Ending) {
        attempt.outcome = Outcome::OwnerEnds;
        return;
    }
    if (state == Task::FutexState::Ended) {
        const Result<u32> now = peek_futex_word(attempt.address);
        if (!now)
            attempt.outcome = Outcome::Faulted;
        else if (*now != word)
            attempt.outcome = Outcome::Again;
        else
            attempt.fail(Error::Esrch);
        return;
    }
    if (attempt.waiter == nullptr) return attempt.fail(Error::Eagain);
    attempt.futex = attempt.spare.release();
    attempt.futex->place = attempt.place;
    attempt.futex->owner = attempt.owner.get();
    graph.set_owner(attempt.futex->lock, attempt.owner->thread);
    futexes_.insert(*attempt.futex);
    count_.fetch_add(1, std::memory_order_seq_cst);
}

/// LINUX: futex_lock_pi_atomic, then task_blocks_on_rt_mutex.
void PiFutexTable::try_once(InheritanceGraph& graph, Task& task, Attempt& attempt) {
    attempt.futex = nullptr;
    const Result<u32> seen = peek_futex_word(attempt.address);
    if (!seen) {
        attempt.outcome = Outcome::Faulted;
        return;
    }
    u32 word = *seen;
    const u32 number = word & TID_MASK;
    const auto change_to = [&](u32 desired) {
        const Result<u32> before = exchange_word(attempt.address, word, desired);
        attempt.outcome = before ? Outcome::Again : Outcome::Faulted;
        if (!before || *before != word) return false;
        word = desired;
        return true;
    };
    if (number == number_of(task)) return attempt.fail(Error::Edeadlk);
    attempt.futex = futexes_.find(attempt.place.key);
    if (attempt.futex != nullptr) {
        if (!fits(*attempt.futex, word)) return attempt.fail(Error::Einval);
        if (attempt.waiter == nullptr) return attempt.fail(Error::Eagain);
    } else {
        if (FUTEXES.has_waiters(attempt.place.key)) return attempt.fail(Error::Einval);
        if (number == 0) {
            if (change_to((word & OWNER_DIED) | number_of(task))) attempt.outcome = Outcome::Acquired;
            return;
        }
        if (number != attempt.looked_for) {
            attempt.outcome = Outcome::Again;
            return;
        }
        if (attempt.waiter != nullptr && !attempt.spare) {
            attempt.outcome = Outcome::NeedsSpare;
            return;
        }
        // From now on the owner cannot unlock it without the kernel.
        if (!change_to(word | WAITERS)) return;
        attach_to_owner(graph, attempt, word);
        if (attempt.futex == nullptr) return;
    }
    if (const Result<> possible = graph.check_chain(attempt.futex->lock, *task.thread); !possible) {
        attempt.spare = remove_if_unused(graph, *attempt.futex);
        return attempt.fail(possible.error());
    }
    attempt.next_in_chain = Ref<Thread>(graph.enter(attempt.futex->lock, *attempt.waiter));
    attempt.outcome = Outcome::Waits;
}

/// Removes a word without waiters from the table.
Box<PiFutex> PiFutexTable::remove_if_unused(const InheritanceGraph& graph, PiFutex& futex) {
    if (futex.is_word_stale || futex.lock.first(graph) != nullptr) return nullptr;
    futexes_.remove(futex);
    count_.fetch_sub(1, std::memory_order_seq_cst);
    return Box<PiFutex>(&futex);
}

Result<> PiFutexTable::acquire(Task& task, Attempt& attempt, FutexTimeout timeout) {
    while (true) {
        // If other threads change the word all the time, this loop delays only its own thread, and ends when
        // that is killed.
        scheduler::preempt_point();
        if (!scheduler::check_interrupted(scheduler::WaitMode::Killable)) return Error::RestartNoInterrupt;
        attempt.place = TRY(find_futex(task, attempt.address, attempt.scope, FutexAccess::Write));
        // The futex may outlive the call.
        if (!attempt.place.owner) attempt.place.owner = Ref<Object>(&task.space());
        attempt.looked_for = TRY(vm::UserIn<u32>(attempt.address).read()) & TID_MASK;
        attempt.owner = nullptr;
        if (attempt.looked_for != 0 && attempt.looked_for != number_of(task))
            attempt.owner = PROCESSES.find_task(static_cast<Pid>(attempt.looked_for));
        try_once(*INHERITANCE.lock(), task, attempt);
        switch (attempt.outcome) {
            case Outcome::Acquired: return {};
            case Outcome::Failed: return attempt.error;
            case Outcome::Again: break;
            case Outcome::Faulted: TRY(bring_in_futex_word(task, attempt.address, {.is_write = true})); break;
            case Outcome::NeedsSpare: attempt.spare = TRY(make_box<PiFutex>()); break;
            case Outcome::OwnerEnds: {
                const auto has_ended = [&] {
                    return attempt.owner->futex_state.load(std::memory_order_seq_cst) !=
                           Task::FutexState::Ending;
                };
                if (!ended_.wait(scheduler::WaitMode::Killable, has_ended)) return Error::RestartNoInterrupt;
                break;
            }
            case Outcome::Waits:
                attempt.owner = nullptr;
                scheduler::spread_urgency(std::move(attempt.next_in_chain));
                return wait(task, attempt, timeout);
        }
    }
}

/// LINUX: fixup_pi_state_owner: after the death of the owner the caller owns the futex, and writes its own number into the word. If the
/// word cannot be written, the caller owns the futex all the same.
/// Errors: Efault.
Result<> PiFutexTable::take_over(Task& task, u64 address, PiFutex& futex) {
    while (true) {
        const Result<> is_there = bring_in_futex_word(task, address, {.is_write = true});
        Box<PiFutex> unused;  // freed after the lock
        auto graph = INHERITANCE.lock();
        const Result<u32> word = peek_futex_word(address);
        const u32 after = WAITERS | OWNER_DIED | number_of(task);
        const Result<u32> seen = word ? exchange_word(address, *word, after) : word;
        const bool is_written = seen && *seen == *word;
        if (is_written || !is_there) {
            futex.is_word_stale = false;
            unused = remove_if_unused(*graph, futex);
            graph.unlock();
            return is_written ? Result<>() : Result<>(Error::Efault);
        }
        graph.unlock();
        scheduler::preempt_point();
    }
}

/// LINUX: rt_mutex_wait_proxy_lock and fixup_pi_owner.
Result<> PiFutexTable::wait(Task& task, Attempt& attempt, FutexTimeout timeout) {
    PiWaiter& waiter = *attempt.waiter;
    PiFutex& futex = *attempt.futex;
    const Result<> result = sleep_until(timeout, [&] { return waiter.is_owner(*INHERITANCE.lock()); });
    bool is_owner = false;
    Ref<Thread> next_in_chain;
    {
        Box<PiFutex> unused;  // freed after the lock
        auto graph = INHERITANCE.lock();
        is_owner = waiter.is_owner(*graph);
        if (!is_owner) {
            next_in_chain = Ref<Thread>(graph->leave(waiter));
            unused = remove_if_unused(*graph, futex);
            graph.unlock();
        }
    }
    if (!is_owner) {
        scheduler::spread_urgency(std::move(next_in_chain));
        return result.error() == Error::Etimedout ? Error::Etimedout : Error::RestartNoInterrupt;
    }
    // Where the owner has unlocked it, the futex may be gone already.
    return waiter.owner_died ? take_over(task, attempt.address, futex) : Result<>{};
}

Result<> PiFutexTable::lock(Task& task, u64 address, FutexScope scope, FutexTimeout timeout) {
    PiWaiter waiter(*task.thread);
    Attempt attempt{.address = address, .scope = scope, .waiter = &waiter};
    return acquire(task, attempt, timeout);
}

Result<> PiFutexTable::try_lock(Task& task, u64 address, FutexScope scope) {
    Attempt attempt{.address = address, .scope = scope, .waiter = nullptr};
    return acquire(task, attempt, {});
}

/// LINUX: futex_unlock_pi and wake_futex_pi.
Result<> PiFutexTable::unlock(Task& task, u64 address, FutexScope scope) {
    while (true) {
        scheduler::preempt_point();
        if (!scheduler::check_interrupted(scheduler::WaitMode::Killable)) return Error::RestartNoInterrupt;
        const u32 word = TRY(vm::UserIn<u32>(address).read());
        if ((word & TID_MASK) != number_of(task)) return Error::Eperm;
        const FutexPlace place = TRY(find_futex(task, address, scope, FutexAccess::Write));
        Box<PiFutex> unused;  // freed after the lock
        {
            auto graph = INHERITANCE.lock();
            PiFutex* futex = futexes_.find(place.key);
            if (futex == nullptr && FUTEXES.has_waiters(place.key)) return Error::Einval;
            if (futex != nullptr && (futex->owner != &task || futex->is_word_stale)) return Error::Einval;
            InheritanceWaiter* next = futex != nullptr ? futex->lock.first(*graph) : nullptr;
            const u32 after = next != nullptr ? WAITERS | number_of(task_of(next->thread())) : 0;
            const Result<u32> seen = exchange_word(address, word, after);
            if (seen && *seen != word) {
                if (next == nullptr) return Error::Eagain;
                // A waiter has set its bit since the look at the word; any other change is a lie.
                if ((*seen & TID_MASK) != word) return Error::Einval;
                continue;
            }
            if (seen) {
                if (next == nullptr) return {};
                futex->owner = &task_of(next->thread());
                Thread& thread = next->thread();
                (void)graph->hand_over(futex->lock);
                unused = remove_if_unused(*graph, *futex);
                scheduler::unpark(thread);
                return {};
            }
        }
        TRY(bring_in_futex_word(task, address, {.is_write = true}));
    }
}

Result<> PiFutexTable::check_no_waiters(const FutexKey& key) {
    if (is_empty()) return {};
    auto graph = INHERITANCE.lock();
    return futexes_.find(key) == nullptr ? Result<>() : Result<>(Error::Einval);
}

void PiFutexTable::begin_end(Task& task) {
    auto graph = INHERITANCE.lock();
    task.futex_state.store(Task::FutexState::Ending, std::memory_order_seq_cst);
}

/// LINUX: exit_pi_state_list.
void PiFutexTable::finish_end(Task& task, Task::FutexState state) {
    while (true) {
        {
            auto graph = INHERITANCE.lock();
            scheduler::InheritanceLock* held = InheritanceGraph::any_held(*task.thread);
            if (held == nullptr) {
                task.futex_state.store(state, std::memory_order_seq_cst);
                break;
            }
            // SAFETY: every lock of the graph that a task holds is that of a PiFutex.
            auto& futex = *reinterpret_cast<PiFutex*>(reinterpret_cast<u8*>(held) - offsetof(PiFutex, lock));
            auto& next = static_cast<PiWaiter&>(*graph->hand_over(*held));
            futex.owner = &task_of(next.thread());
            futex.is_word_stale = true;
            next.owner_died = true;
            scheduler::unpark(next.thread());
        }
        scheduler::preempt_point();
    }
    if (ended_.has_waiters()) ended_.wake_all();
}

}  // namespace exo::posix_x
