// Futexes of eight tasks on several CPUs: meant for the thread sanitizer. The tests play the programs: they change words as a
// program's instructions do, and call the kernel as a program's library does. What a lock protects are plain variables of the test, so
// that a lock with two owners is a data race.
#include <gtest/gtest.h>

#include <array>

#include "posix_x/futex/futex_table.hpp"
#include "posix_x/futex/pi_futex.hpp"
#include "posix_x/futex/robust_list.hpp"
#include "posix_x/process/process_tree.hpp"
#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"
#include "vm/machine.hpp"

namespace exo::posix_x {
namespace {

using scheduler::current_thread;
using test::CPUS;
using test::Random;
using test::Threads;

constexpr u32 THREADS = 8;
constexpr u64 MEMORY = vm::test::BASE;
constexpr u64 MEMORY_SIZE = 64 * PAGE_SIZE;
constexpr i32 ALL = 0x7fff'ffff;

u32 load(u64 address) { return MUST(arch::load_user_word(address)); }
u32 compare_exchange(u64 address, u32 expected, u32 desired) {
    return MUST(arch::compare_exchange_user(address, expected, desired));
}
template <class Change> u32 change(u64 address, Change&& to) {
    u32 old = load(address);
    while (true) {
        const u32 seen = compare_exchange(address, old, to(old));
        if (seen == old) return old;
        old = seen;
    }
}
u32 exchange(u64 address, u32 value) {
    return change(address, [value](u32) { return value; });
}
u32 add(u64 address, u32 value) {
    return change(address, [value](u32 old) { return old + value; });
}

FutexTimeout after(time::Nanoseconds duration) {
    return {FutexTimeout::Clock::Monotonic, time::monotonic() + duration};
}

/// A process whose tasks the threads of a test become.
class Program {
  public:
    Program() {
        PROCESSES.set_most(20'000);
        space_ = vm::test::new_space();
        process_ = MUST(make_ref<Process>(MUST(PROCESSES.reserve_pid())));
        MUST(space_->map(vm::test::at(MEMORY, vm::test::anonymous(MEMORY_SIZE))));
        user_ = MUST(UserRecord::of(1000));
    }
    ~Program() { PROCESSES.release_pid(process_->pid()); }

    /// Runs `body` in as many tasks, and returns when all have ended.
    void run(const std::function<void(Task&, u32 number)>& body) {
        Threads threads;
        for (u32 number = 0; number < THREADS; ++number) {
            threads.start(number % CPUS, [&, number] {
                Ref<Task> task = begin();
                body(*task, number);
                end(std::move(task));
            });
        }
        threads.join();
        EXPECT_TRUE(threads.are_gone());
    }

    /// Makes the calling thread a new task.
    Ref<Task> begin() {
        auto task = MUST(make_ref<Task>(process_, MUST(PROCESSES.reserve_pid())));
        EXPECT_TRUE(user_->charge_process(~0ULL));
        task->charged_user = user_;
        task->resources.lock()->space = space_;
        task->thread = &current_thread();
        auto state = MUST(scheduler::UserState::create());
        state->page_table = &space_->page_table();
        current_thread().set_user(std::move(state));
        current_thread().set_personality(task);
        vm::switch_address_space(*space_);
        PROCESSES.add_thread(*task);
        return task;
    }
    /// Ends the calling thread's task, as exit(2) does.
    void end(Ref<Task> task) {
        announce_end_in_memory(*task, AfterMemory::End);
        memory::kernel_table().activate();
        current_thread().user()->page_table = nullptr;
        PROCESSES.remove_thread(*task);
        // Others may still find it by its number in a word, and look at its state.
        task->resources.lock()->space = nullptr;
    }

  private:
    struct Cpus {
        Cpus() { test::start_cpus(); }
    };
    Cpus cpus_;
    vm::test::Machine machine_;
    vm::test::NothingLeaks nothing_leaks_;
    Ref<vm::AddressSpace> space_;
    Ref<Process> process_;
    Ref<UserRecord> user_;
};

/// A mutex of a word: 0 is free, 1 owned, 2 owned with threads that may wait.
class Mutex {
  public:
    explicit Mutex(u64 address) : address_(address) {}
    u64 address() const { return address_; }

    void lock(Task& task) {
        if (compare_exchange(address_, 0, 1) != 0) lock_as_one_of_several(task);
    }
    /// A thread that a requeue has moved to this word locks it as contended too, because the thread does not know
    /// whether others were moved with it.
    void lock_as_one_of_several(Task& task) {
        while (exchange(address_, 2) != 0) {
            const Result<> waited =
                FUTEXES.wait(task, address_, FutexScope::Private, 2, abi::FUTEX_ANY_BIT, {});
            if (!waited) EXPECT_ERROR(Error::Eagain, waited);
        }
    }
    void unlock(Task& task) {
        if (exchange(address_, 0) == 2)
            MUST(FUTEXES.wake(task, address_, FutexScope::Private, 1, abi::FUTEX_ANY_BIT));
    }

  private:
    u64 address_;
};

TEST(futex_concurrency, a_mutex_has_one_owner_and_no_wake_up_is_lost) {
    constexpr u32 ROUNDS = 400;
    constexpr u32 MUTEXES = 3;
    Program program;
    std::array<u64, MUTEXES> counts{};
    program.run([&](Task& task, u32 number) {
        Random random(number);
        for (u32 round = 0; round < ROUNDS; ++round) {
            const usize which = random.below(MUTEXES);
            Mutex mutex(MEMORY + which * PAGE_SIZE);
            mutex.lock(task);
            ++counts.at(which);
            if (random.one_in(4)) scheduler::SCHEDULER.yield_now();
            mutex.unlock(task);
        }
    });
    EXPECT_EQ(counts[0] + counts[1] + counts[2], THREADS * ROUNDS);
}

/// A barrier: the thread that arrives last requeues all waiting threads from the condition's word to the mutex.
TEST(futex_concurrency, threads_are_moved_from_a_condition_to_its_mutex) {
    constexpr u32 ROUNDS = 120;
    Program program;
    const u64 condition = MEMORY + 8;
    u32 arrived = 0;
    u32 round_now = 0;
    std::array<u32, THREADS> rounds{};
    program.run([&](Task& task, u32 number) {
        Mutex mutex(MEMORY + PAGE_SIZE);
        for (u32 round = 0; round < ROUNDS; ++round) {
            mutex.lock(task);
            ASSERT_EQ(round_now, round);
            rounds.at(number) = round + 1;
            if (++arrived == THREADS) {
                for (const u32 theirs : rounds) ASSERT_EQ(theirs, round + 1);
                arrived = 0;
                ++round_now;
                const u32 ticket = add(condition, 1) + 1;
                MUST(FUTEXES.requeue(task, condition, mutex.address(), FutexScope::Private, 1, ALL, ticket));
            }
            while (round_now == round) {
                const u32 ticket = load(condition);
                mutex.unlock(task);
                const Result<> waited =
                    FUTEXES.wait(task, condition, FutexScope::Private, ticket, abi::FUTEX_ANY_BIT, {});
                if (!waited) EXPECT_ERROR(Error::Eagain, waited);
                mutex.lock_as_one_of_several(task);
            }
            mutex.unlock(task);
        }
    });
    EXPECT_EQ(round_now, ROUNDS);
}

/// Waits of all kinds end by wake-ups of all kinds or by their time, while waiters are moved to and fro. Each wake-up that is
/// reported has ended one wait, and each wait that was woken has been reported.
TEST(futex_concurrency, as_many_waits_end_as_wake_ups_are_reported) {
    constexpr u32 WAITERS = 5;
    constexpr u32 WAITS = 250;
    constexpr u32 WORDS = 4;
    Program program;
    std::atomic<u64> waits_woken{0};
    std::atomic<u64> wake_ups{0};
    std::atomic<u32> waiting{WAITERS};
    const auto word = [](u64 which) { return MEMORY + which * (PAGE_SIZE + 4); };
    const auto wait = [&](Task& task, Random& random) -> Result<> {
        FutexTimeout timeout;
        if (random.one_in(2)) timeout = after(random.below(20) * time::MICROSECOND);
        if (random.one_in(3)) {
            FutexChoice choice;
            choice.address = word(random.below(WORDS));
            TRY(FUTEXES.wait_for_any(task, {&choice, 1}, timeout));
            return {};
        }
        return FUTEXES.wait(task, word(random.below(WORDS)), FutexScope::Private, 0, 1U << random.below(2),
                            timeout);
    };
    const auto wake = [&](Task& task, Random& random) -> Result<u64> {
        const u64 first = word(random.below(WORDS));
        const u64 second = word(random.below(WORDS));
        const auto count = static_cast<i32>(1 + random.below(3));
        switch (random.below(4)) {
            case 0: return FUTEXES.wake(task, first, FutexScope::Private, count, 1U << random.below(2));
            case 1: return FUTEXES.wake(task, first, FutexScope::Private, ALL, abi::FUTEX_ANY_BIT);
            // Adds 0 to the second word, which is 0 as it is compared with: both words are woken.
            case 2:
                return FUTEXES.wake_and_change(task, first, second, FutexScope::Private, count, count,
                                               1U << 28);
            default:
                // How many are moved is no number of wake-ups.
                MUST(FUTEXES.requeue(task, first, second, FutexScope::Private, 0, count, 0));
                return u64{0};
        }
    };
    program.run([&](Task& task, u32 number) {
        Random random(number);
        if (number < WAITERS) {
            for (u32 i = 0; i < WAITS; ++i) {
                const Result<> waited = wait(task, random);
                if (waited)
                    ++waits_woken;
                else
                    EXPECT_ERROR(Error::Etimedout, waited);
            }
            --waiting;
            return;
        }
        while (waiting != 0) {
            wake_ups += MUST(wake(task, random));
            if (random.one_in(3)) arch::hosted::advance_time(random.below(10) * time::MICROSECOND);
            scheduler::SCHEDULER.yield_now();
        }
    });
    EXPECT_EQ(waits_woken, wake_ups);
    EXPECT_GT(waits_woken, 0U);
}

/// A token goes round: each task waits for it at two words, and puts it into either word of the next one.
TEST(futex_concurrency, a_wait_for_any_of_several_words_misses_none) {
    constexpr u32 ROUNDS = 200;
    Program program;
    u64 passes = 0;
    const auto word = [](u32 number, u64 which) { return MEMORY + number * PAGE_SIZE + which * 4; };
    program.run([&](Task& task, u32 number) {
        Random random(number);
        const auto put = [&](u32 to) {
            const u64 address = word(to, random.below(2));
            exchange(address, 1);
            MUST(FUTEXES.wake(task, address, FutexScope::Private, 1, abi::FUTEX_ANY_BIT));
        };
        if (number == 0) put(0);
        for (u32 round = 0; round < ROUNDS; ++round) {
            while (exchange(word(number, 0), 0) == 0 && exchange(word(number, 1), 0) == 0) {
                std::array<FutexChoice, 2> choices;
                for (u32 which = 0; which < 2; ++which) choices.at(which).address = word(number, which);
                const Result<u32> which = FUTEXES.wait_for_any(task, choices, {});
                if (which)
                    EXPECT_LT(*which, 2U);
                else
                    EXPECT_ERROR(Error::Eagain, which);
            }
            ++passes;
            put((number + 1) % THREADS);
        }
    });
    EXPECT_EQ(passes, THREADS * ROUNDS);
}

/// A mutex whose owner inherits, in a list of those that its owner's end unlocks.
class InheritingMutex {
  public:
    /// A word at 16 of 32 bytes; the link of the list is before it.
    static constexpr i64 WORD_OFFSET = 16;
    explicit InheritingMutex(u64 address) : address_(address) {}
    u64 word() const { return address_ + WORD_OFFSET; }

    /// Errors: those of FUTEX_LOCK_PI.
    Result<> lock(Task& task, FutexTimeout timeout = {}) const {
        if (compare_exchange(word(), 0, number_of(task)) == 0) return {};
        return PI_FUTEXES.lock(task, word(), FutexScope::Private, timeout);
    }
    Result<> try_lock(Task& task) const {
        if (compare_exchange(word(), 0, number_of(task)) == 0) return {};
        return PI_FUTEXES.try_lock(task, word(), FutexScope::Private);
    }
    void unlock(Task& task) const {
        const u32 number = number_of(task);
        EXPECT_EQ(load(word()) & abi::FUTEX_TID_MASK, number);
        if (compare_exchange(word(), number, 0) == number) return;
        MUST(PI_FUTEXES.unlock(task, word(), FutexScope::Private));
    }
    /// Whether the last owner ended; asked by the present one. It clears the mark, as glibc does: with it, an unlock that meets
    /// the first waiter is refused (LINUX: wake_futex_pi).
    bool was_left() const {
        while (true) {
            const u32 before = load(word());
            if ((before & abi::FUTEX_OWNER_DIED) == 0) return false;
            if (compare_exchange(word(), before, before & ~abi::FUTEX_OWNER_DIED) == before) return true;
        }
    }

    /// Makes this the only entry of the task's list.
    void note(Task& task, u64 head) const {
        MUST(vm::UserOut<u64>(address_).write(head));
        struct Head {
            u64 first;
            i64 offset;
            u64 pending;
        };
        constexpr u64 INHERITS = 1;
        MUST(vm::UserOut<Head>(head).write({address_ | INHERITS, WORD_OFFSET, 0}));
        task.robust_list = head;
    }

  private:
    static u32 number_of(const Task& task) { return static_cast<u32>(task.tid()); }
    u64 address_;
};

/// Reads `count` if it is the only one inside.
class Inside {
  public:
    void visit() {
        ++visits_;
        const u64 before = visits_;
        scheduler::SCHEDULER.yield_now();
        EXPECT_EQ(visits_, before);
    }
    u64 visits() const { return visits_; }

  private:
    u64 visits_ = 0;
};

TEST(futex_concurrency, inheriting_mutexes_have_one_owner_along_chains) {
    constexpr u32 STEPS = 400;
    constexpr u32 MUTEXES = 4;
    Program program;
    std::array<Inside, MUTEXES> inside;
    std::atomic<u64> visits{0};
    program.run([&](Task& task, u32 number) {
        Random random(number);
        const auto timeout = [&] {
            return random.one_in(2) ? after(random.below(20) * time::MICROSECOND) : FutexTimeout{};
        };
        const auto mutex = [](usize which) { return InheritingMutex(MEMORY + which * PAGE_SIZE); };
        for (u32 step = 0; step < STEPS; ++step) {
            const auto urgency = static_cast<scheduler::Urgency>(random.below(scheduler::IDLE_URGENCY));
            scheduler::set_own_urgency(current_thread(), urgency);
            scheduler::spread_urgency(Ref<scheduler::Thread>(&current_thread()));
            const usize first = random.below(MUTEXES - 1);
            const usize second = first + 1 + random.below(MUTEXES - first - 1);
            const Result<> locked =
                random.one_in(5) ? mutex(first).try_lock(task) : mutex(first).lock(task, timeout());
            if (random.one_in(3)) arch::hosted::advance_time(random.below(10) * time::MICROSECOND);
            if (!locked) {
                EXPECT_TRUE(locked.error() == Error::Etimedout || locked.error() == Error::Eagain);
                scheduler::SCHEDULER.yield_now();
                continue;
            }
            inside.at(first).visit();
            ++visits;
            if (random.one_in(8))
                EXPECT_ERROR(Error::Edeadlk,
                             PI_FUTEXES.lock(task, mutex(first).word(), FutexScope::Private, {}));
            if (const Result<> both = mutex(second).lock(task, timeout())) {
                inside.at(second).visit();
                ++visits;
                mutex(second).unlock(task);
            } else {
                EXPECT_ERROR(Error::Etimedout, both);
            }
            mutex(first).unlock(task);
            EXPECT_EQ(current_thread().inheritance.effective.load(std::memory_order_relaxed), urgency);
        }
    });
    u64 sum = 0;
    for (const Inside& one : inside) sum += one.visits();
    EXPECT_EQ(sum, visits.load());
}

/// Tasks end with a mutex that others wait for. The next owner is told so, and no mutex is lost.
TEST(futex_concurrency, who_ends_leaves_its_inheriting_mutex_to_the_next) {
    constexpr u32 TASKS = 120;
    constexpr u32 MUTEXES = 2;
    Program program;
    std::array<Inside, MUTEXES> inside;
    std::atomic<u32> left{0};
    std::atomic<u32> found{0};
    Threads threads;
    for (u32 number = 0; number < THREADS; ++number) {
        threads.start(number % CPUS, [&, number] {
            Random random(number);
            const u64 head = MEMORY + 32 * PAGE_SIZE + u64{number} * 64;
            for (u32 generation = 0; generation < TASKS; ++generation) {
                Ref<Task> task = program.begin();
                for (u32 step = 0; step < 4; ++step) {
                    const usize which = random.below(MUTEXES);
                    const InheritingMutex mutex(MEMORY + which * PAGE_SIZE);
                    MUST(mutex.lock(*task));
                    if (mutex.was_left()) ++found;
                    inside.at(which).visit();
                    mutex.note(*task, head);
                    if (random.one_in(6)) {
                        ++left;
                        break;
                    }
                    task->robust_list = 0;
                    mutex.unlock(*task);
                }
                program.end(std::move(task));
            }
        });
    }
    threads.join();
    EXPECT_TRUE(threads.are_gone());
    for (u32 which = 0; which < MUTEXES; ++which) {
        const u64 word = InheritingMutex(MEMORY + which * PAGE_SIZE).word();
        Threads last;
        last.start(1, [&] {
            Ref<Task> task = program.begin();
            if ((load(word) & abi::FUTEX_OWNER_DIED) != 0) ++found;
            EXPECT_EQ(load(word) & ~abi::FUTEX_OWNER_DIED, 0U);
            program.end(std::move(task));
        });
    }
    EXPECT_EQ(found, left);
    EXPECT_GT(left, 0U);
}

}  // namespace
}  // namespace exo::posix_x
