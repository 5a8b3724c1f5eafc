// The data races that KCSAN must report, one test each, and accesses that it must not report. Only in kernels with KCSAN (the kcsan
// preset), on two CPUs.
#include "kernel_test.hpp"

#if defined(EXO_KCSAN)

#include <algorithm>
#include <atomic>
#include <cstring>

#include "memory/kcsan/kcsan.hpp"
#include "scheduler/parking.hpp"
#include "scheduler/scheduler.hpp"
#include "sync/spin_lock.hpp"
#include "time/clock.hpp"

namespace exo::kernel_test {

namespace {

// Each has a name for the reports. volatile would mark the accesses, so `keep` makes the compiler carry each of them out.
void keep() { asm volatile("" : : : "memory"); }

alignas(16) constinit u64 words[8]{};

[[gnu::noinline]] void write_word() {
    words[0] += 1;
    keep();
}
[[gnu::noinline]] void write_word_otherwise() {
    words[0] = 7;
    keep();
}
[[gnu::noinline]] void read_word() {
    keep();
    u64 value = words[0];
    asm volatile("" : : "r"(value));
}
[[gnu::noinline]] void read_a_byte() {
    keep();
    u8 value = reinterpret_cast<const u8*>(words)[5];
    asm volatile("" : : "r"(value));
}
[[gnu::noinline]] void write_another_byte() {
    reinterpret_cast<u8*>(words)[6] = 1;
    keep();
}
[[gnu::noinline]] void read_atomically() { (void)std::atomic_ref(words[0]).load(std::memory_order_relaxed); }
[[gnu::noinline]] void write_atomically() { std::atomic_ref(words[0]).store(1, std::memory_order_relaxed); }
[[gnu::noinline]] void add_atomically() {
    (void)std::atomic_ref(words[0]).fetch_add(1, std::memory_order_relaxed);
}
[[gnu::noinline]] void copy_words() {
    static constinit u64 copy[8]{};
    std::memcpy(copy, words, sizeof(words));
    asm volatile("" : : "r"(copy) : "memory");
}
[[gnu::noinline]] void write_last_word() {
    words[7] = 3;
    keep();
}
/// The compiler does not see the write of the assembler instruction.
[[gnu::noinline]] void write_in_assembler() { asm volatile("incq %0" : "+m"(words[0])); }
/// The compiler gives the runtime no call for arch::relax, which is assembler.
[[gnu::noinline]] void relax_a_turn() { arch::relax(); }

constinit sync::SpinLocked<u64, sync::LockRank::SpinLeaf> locked_word{u64{0}};
[[gnu::noinline]] void write_under_lock() { *locked_word.lock() += 1; }

using Function = void (*)();

/// The function that another CPU calls over and over.
struct Opponent {
    std::atomic<Function> function{nullptr};
    std::atomic<u64> turns{0};
    std::atomic<bool> has_ended{false};
};
constinit Opponent opponent;

void oppose(void*) {
    while (const Function function = opponent.function.load(std::memory_order_acquire)) {
        function();
        opponent.turns.fetch_add(1, std::memory_order_relaxed);
    }
    opponent.has_ended.store(true, std::memory_order_release);
}

/// Often enough to be seen in a test that has nothing else to watch. Where the host takes a CPU off its processor between the check
/// and the access, a race of two known places is one of unknown origin.
constexpr kcsan::Settings SETTINGS{.skipped_accesses = 20,
                                   .longest_delay = 100,
                                   .longest_delay_without_interrupts = 100,
                                   .reports_unknown_origin = false};

/// Makes two CPUs call the functions until `is_over` says so, but not for longer than this.
constexpr time::Nanoseconds LONGEST_RACE = 20 * time::SECOND;

void run_on_two_cpus(Function mine, Function others, kcsan::Settings settings, FunctionRef<bool()> is_over) {
    if (arch::running_cpus() < 2) {
        fail("this test needs two CPUs");
        return;
    }
    const u32 self = arch::cpu_index();
    scheduler::SCHEDULER.allow_cpus(scheduler::current_thread(), 1ULL << self);
    opponent.function.store(others, std::memory_order_relaxed);
    opponent.turns.store(0, std::memory_order_relaxed);
    opponent.has_ended.store(false, std::memory_order_relaxed);
    auto thread = scheduler::Thread::create("opponent", &oppose, nullptr, scheduler::ThreadPriority::Normal);
    CHECK(thread.has_value());
    if (!thread) return;
    scheduler::SCHEDULER.start_thread(detail::take(thread), self == 0 ? 1 : 0);
    while (opponent.turns.load(std::memory_order_relaxed) == 0) arch::relax();
    kcsan::start(settings);
    const time::Nanoseconds end = time::monotonic() + LONGEST_RACE;
    while (!is_over()) {
        mine();
        if (time::monotonic() > end) {
            fail("nothing came of it in {} seconds", LONGEST_RACE / time::SECOND);
            break;
        }
    }
    opponent.function.store(nullptr, std::memory_order_release);
    while (!opponent.has_ended.load(std::memory_order_acquire)) arch::relax();
    kcsan::start({});
}

// ---- Races: the report ends the machine, so that its text can be compared.

void expect_race(std::string_view what) { expect("kernel panic: KCSAN: data race: {}", what); }
void expect_access(std::string_view what, u64 address, std::string_view function) {
    expect("{} at {:016x} on CPU ", what, address);
    expect("kernel_test::{}+", function);
}

[[gnu::noinline]] void race(Function mine, Function others, kcsan::Settings settings = SETTINGS) {
    settings.panics = true;
    run_on_two_cpus(mine, others, settings, [] { return false; });
}

u64 address_of_words() { return reinterpret_cast<u64>(words); }

/// Two CPUs run one function, so the report names that function twice, whichever access the runtime watched.
void kcsan_two_plain_writes() {
    expect_race("read and write of 8 bytes against read and write of 8 bytes");
    expect_access("plain read and write of 8 bytes", address_of_words(), "write_word");
    expect_access("plain read and write of 8 bytes", address_of_words(), "write_word");
    expect("the value ");
    race(&write_word, &write_word);
}

void kcsan_plain_write_and_read() {
    expect_race("write of 8 bytes against read of 8 bytes");
    expect_access("plain write of 8 bytes", address_of_words(), "write_word_otherwise");
    expect_access("plain read of 8 bytes", address_of_words(), "read_word");
    expect("kernel_test::oppose+");
    race(&write_word_otherwise, &read_word);
}

/// Both call chains are whole, whichever CPU has found the race.
void kcsan_call_chains() {
    expect_race("write of 8 bytes against read of 8 bytes");
    expect("kernel_test::write_word_otherwise+");
    expect("kernel_test::oppose+");
    expect("scheduler::Thread::begin+");
    expect("kernel_test::read_word+");
    expect("kernel_test::run_on_two_cpus+");
    expect("kernel_test::run_test+");
    race(&read_word, &write_word_otherwise);
}

void kcsan_plain_write_and_atomic_read() {
    expect_race("write of 8 bytes against read of 8 bytes");
    expect_access("plain write of 8 bytes", address_of_words(), "write_word_otherwise");
    expect_access("marked read of 8 bytes", address_of_words(), "read_atomically");
    race(&write_word_otherwise, &read_atomically);
}

void kcsan_plain_read_and_atomic_write() {
    expect_race("write of 8 bytes against read of 8 bytes");
    expect_access("marked write of 8 bytes", address_of_words(), "write_atomically");
    expect_access("plain read of 8 bytes", address_of_words(), "read_word");
    race(&write_atomically, &read_word);
}

void kcsan_plain_read_and_atomic_sum() {
    expect_race("read and write of 8 bytes against read of 8 bytes");
    expect_access("marked read and write of 8 bytes", address_of_words(), "add_atomically");
    expect_access("plain read of 8 bytes", address_of_words(), "read_word");
    race(&read_word, &add_atomically);
}

void kcsan_different_sizes() {
    expect_race("write of 8 bytes against read of 1 bytes");
    expect_access("plain write of 8 bytes", address_of_words(), "write_word_otherwise");
    expect_access("plain read of 1 bytes", address_of_words() + 5, "read_a_byte");
    race(&write_word_otherwise, &read_a_byte);
}

/// The compiler calls memcpy of the sanitizer, and any eight bytes of what is copied may be watched.
void kcsan_copy_of_what_is_written() {
    expect_race("write of 8 bytes against read of ");
    expect_access("plain write of 8 bytes", address_of_words() + 56, "write_last_word");
    expect("plain read of ");
    expect("kernel_test::copy_words+");
    race(&write_last_word, &copy_words);
}

void kcsan_value_that_nobody_wrote() {
    expect("kernel panic: KCSAN: data race of unknown origin: read of 8 bytes");
    expect_access("plain read of 8 bytes", address_of_words(), "read_word");
    expect("the value changed from ");
    kcsan::Settings settings = SETTINGS;
    settings.reports_unknown_origin = true;
    race(&read_word, &write_in_assembler, settings);
}

// ---- A machine that goes on

/// One report for a pair of places, however often it is found, in lines that the suites know.
void kcsan_reports_once_and_goes_on() {
    const kcsan::Counts before = kcsan::counts();
    expect("KCSAN: data race: write of 8 bytes against read of 8 bytes");
    expect("KCSAN: plain write of 8 bytes at {:016x} on CPU ", address_of_words());
    expect("kernel_test::write_word_otherwise+");
    expect("KCSAN: plain read of 8 bytes at {:016x} on CPU ", address_of_words());
    expect("kernel_test::read_word+");
    expect("KCSAN: end of report 1");
    constexpr u64 RACES = 5;
    run_on_two_cpus(&write_word_otherwise, &read_word, SETTINGS,
                    [&] { return kcsan::counts().races >= before.races + RACES; });
    CHECK_EQUAL(kcsan::counts().reports, before.reports + 1);
    kcsan::print_reports();
}

/// The detector must find nothing, although it has watched so many accesses.
constexpr u64 ENOUGH = 500;
void find_nothing(Function mine, Function others) {
    const kcsan::Counts before = kcsan::counts();
    run_on_two_cpus(mine, others, SETTINGS,
                    [&] { return kcsan::counts().watched >= before.watched + ENOUGH; });
    CHECK(opponent.turns.load() >= ENOUGH);
    CHECK_EQUAL(kcsan::counts().races, before.races);
}

/// Marked accesses are never watched themselves. The plain ones here are of other words.
void kcsan_atomics_do_not_race() {
    find_nothing(
        [] {
            add_atomically();
            write_last_word();
        },
        &write_atomically);
    find_nothing(&write_last_word, &read_atomically);
}

void kcsan_readers_do_not_race() {
    find_nothing(&read_word, &read_word);
    find_nothing(&read_word, &read_atomically);
}

void kcsan_a_lock_protects() { find_nothing(&write_under_lock, &write_under_lock); }

void kcsan_bytes_of_one_word_do_not_race() { find_nothing(&read_a_byte, &write_another_byte); }

/// What the opponent does without an access is no reason for a report either.
void kcsan_idle_opponent() { find_nothing(&write_word, &relax_a_turn); }

constexpr Test TESTS[] = {
    {"kcsan_two_plain_writes", &kcsan_two_plain_writes, Ending::Panics},
    {"kcsan_plain_write_and_read", &kcsan_plain_write_and_read, Ending::Panics},
    {"kcsan_call_chains", &kcsan_call_chains, Ending::Panics},
    {"kcsan_plain_write_and_atomic_read", &kcsan_plain_write_and_atomic_read, Ending::Panics},
    {"kcsan_plain_read_and_atomic_write", &kcsan_plain_read_and_atomic_write, Ending::Panics},
    {"kcsan_plain_read_and_atomic_sum", &kcsan_plain_read_and_atomic_sum, Ending::Panics},
    {"kcsan_different_sizes", &kcsan_different_sizes, Ending::Panics},
    {"kcsan_copy_of_what_is_written", &kcsan_copy_of_what_is_written, Ending::Panics},
    {"kcsan_value_that_nobody_wrote", &kcsan_value_that_nobody_wrote, Ending::Panics},
    {"kcsan_reports_once_and_goes_on", &kcsan_reports_once_and_goes_on},
    {"kcsan_atomics_do_not_race", &kcsan_atomics_do_not_race},
    {"kcsan_readers_do_not_race", &kcsan_readers_do_not_race},
    {"kcsan_a_lock_protects", &kcsan_a_lock_protects},
    {"kcsan_bytes_of_one_word_do_not_race", &kcsan_bytes_of_one_word_do_not_race},
    {"kcsan_idle_opponent", &kcsan_idle_opponent},
};

}  // namespace

std::span<const Test> kcsan_tests() { return TESTS; }

}  // namespace exo::kernel_test

#else

namespace exo::kernel_test {
std::span<const Test> kcsan_tests() { return {}; }
}  // namespace exo::kernel_test

#endif
