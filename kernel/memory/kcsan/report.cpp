// Reports: each pair of places once, with both call chains.
#include "memory/kcsan/detector.hpp"

#if defined(EXO_KCSAN)

#include <algorithm>

#include "log/log.hpp"
#include "sync/spin_lock.hpp"

namespace exo::kcsan {

namespace {

/// The two places of a race, the smaller address first; 0: unknown.
struct Pair {
    u64 first = 0;
    u64 second = 0;
    friend bool operator==(const Pair&, const Pair&) = default;
};

struct Reports {
    static constexpr usize MAX_KNOWN = 256;
    static constexpr usize MAX_WAITING = 16;

    std::array<Pair, MAX_KNOWN> known{};
    usize known_count = 0;
    /// A ring of races that wait to be printed.
    std::array<Race, MAX_WAITING> waiting{};
    usize first_waiting = 0;
    usize waiting_count = 0;
    u64 races = 0;
    u64 printed = 0;
    u64 lost = 0;
};
constinit Reports reports;
constinit std::atomic<bool> reports_are_locked{false};
constinit std::atomic<bool> panics_at_reports{false};

/// The lock of `reports`, and interrupts off. A spin lock of sync is instrumented, has a rank, and may not be taken everywhere.
class [[nodiscard]] ReportsLock {
  public:
    ReportsLock() {
        while (reports_are_locked.exchange(true, std::memory_order_acquire)) asm volatile("pause");
    }
    ~ReportsLock() { reports_are_locked.store(false, std::memory_order_release); }
    ReportsLock(const ReportsLock&) = delete;
    ReportsLock& operator=(const ReportsLock&) = delete;

  private:
    sync::InterruptsOff no_interrupts_;
};

Pair pair_of(const Race& race) {
    const u64 a = race.watched.calls[0];
    const u64 b = race.has_other ? race.other.calls[0] : 0;
    return {std::min(a, b), std::max(a, b)};
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::Read:
        case Kind::MarkedRead: return "read";
        case Kind::Write:
        case Kind::MarkedWrite: return "write";
        default: return "read and write";
    }
}

void describe(const Access& access, FormatSink sink) {
    format_to(sink, "{} {} of {} bytes at {:016x} on CPU {}, by\n",
              is_marked(access.kind) ? "marked" : "plain", name_of(access.kind), access.size, access.address,
              access.cpu);
    for (u32 call = 0; call < access.call_count; ++call) arch::describe_address(sink, access.calls[call]);
}

/// A write comes before a read, and a plain access before a marked one, so that two reports of one race look alike.
bool comes_first(const Access& a, const Access& b) {
    if (is_write(a.kind) != is_write(b.kind)) return is_write(a.kind);
    return is_marked(a.kind) <= is_marked(b.kind);
}

void describe(const Race& race, FormatSink sink) {
    if (race.has_other) {
        const bool is_watched_first = comes_first(race.watched, race.other);
        const Access& first = is_watched_first ? race.watched : race.other;
        const Access& second = is_watched_first ? race.other : race.watched;
        format_to(sink, "data race: {} of {} bytes against {} of {} bytes\n", name_of(first.kind), first.size,
                  name_of(second.kind), second.size);
        describe(first, sink);
        describe(second, sink);
    } else {
        format_to(sink, "data race of unknown origin: {} of {} bytes\n", name_of(race.watched.kind),
                  race.watched.size);
        describe(race.watched, sink);
    }
    if (race.before == race.after)
        format_to(sink, "the value stayed {:x}\n", race.before);
    else
        format_to(sink, "the value changed from {:x} to {:x}\n", race.before, race.after);
}

/// Prints each line that it gets with KCSAN's name, by which the test suites know it among what programs print.
class LinePrinter {
  public:
    void take(std::string_view text) {
        for (const char c : text) {
            if (c == '\n')
                end_line();
            else
                line_.append({&c, 1});
        }
    }

  private:
    void end_line() {
        log::write(log::Level::Alert, "KCSAN: {}", line_.view());
        line_ = {};
    }
    log::LineBuffer line_;
};

bool take_waiting(Race& race, u64& number) {
    const ReportsLock lock;
    if (reports.waiting_count == 0) return false;
    race = reports.waiting[reports.first_waiting];
    reports.first_waiting = (reports.first_waiting + 1) % Reports::MAX_WAITING;
    --reports.waiting_count;
    number = ++reports.printed;
    return true;
}

/// Keeps a race whose pair of places is new. Returns whether it is.
bool keep(const Race& race) {
    const ReportsLock lock;
    ++reports.races;
    const Pair pair = pair_of(race);
    const auto end = reports.known.begin() + reports.known_count;
    if (std::find(reports.known.begin(), end, pair) != end) return false;
    if (reports.known_count == Reports::MAX_KNOWN || reports.waiting_count == Reports::MAX_WAITING) {
        ++reports.lost;  // it will be found again
        return false;
    }
    reports.known[reports.known_count++] = pair;
    reports.waiting[(reports.first_waiting + reports.waiting_count++) % Reports::MAX_WAITING] = race;
    return true;
}

}  // namespace

void report(const Race& race) {
    if (!keep(race) || !panics_at_reports.load(std::memory_order_relaxed)) return;
    is_on.store(false, std::memory_order_relaxed);
    log::panic_with([&](FormatSink sink) {
        sink("KCSAN: ");
        describe(race, sink);
    });
}

void set_panics(bool panics) { panics_at_reports.store(panics, std::memory_order_relaxed); }

void print_reports() {
    Race race;
    u64 number = 0;
    while (take_waiting(race, number)) {
        LinePrinter printer;
        describe(race, [&](std::string_view text) { printer.take(text); });
        log::write(log::Level::Alert, "KCSAN: end of report {}", number);
    }
}

void finish() {
    if (!is_on.load(std::memory_order_relaxed)) return;
    print_reports();
    const Counts all = counts();
    log::info("kcsan: {} accesses watched, {} races, {} reports, {} lost", all.watched, all.races,
              all.reports, all.lost);
}

Counts counts() {
    Counts counts;
    for (u32 cpu = 0; cpu < arch::running_cpus(); ++cpu) counts.watched += cpu_states.of(cpu).watched.get();
    const ReportsLock lock;
    counts.races = reports.races;
    counts.reports = reports.known_count;
    counts.lost = reports.lost;
    return counts;
}

}  // namespace exo::kcsan

#endif
