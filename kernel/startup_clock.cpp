// Which counter tells the time. The cycle counter, if its rate is known never to change, or if it has been seen to run
// evenly beside a second counter; else that one. startup_cpus.cpp looks whether those of several CPUs agree.
#include "arch/interface.hpp"
#include "drivers/clock/counters.hpp"
#include "log/log.hpp"
#include "startup.hpp"
#include "time/calibration.hpp"
#include "time/timer.hpp"

namespace exo::startup {

namespace {

using time::Calibration;

/// Two hundred times longer than the first measurement in all, and a few rounds of the 8254.
constexpr time::Nanoseconds HALF = 100 * time::MILLISECOND;
constexpr u64 USUAL_RATE = 1'000'000'000;

constinit Calibration calibration;
/// The command line says that the cycle counter is to be trusted.
constinit bool is_trusted = false;

void judge_cycle_counter() {
    const Calibration::Outcome outcome = calibration.finish();
    if (outcome.verdict == Calibration::Verdict::Even) {
        if (arch::stated_cycle_counter_rate() == 0) time::refine_clock(outcome.hertz);
        return;
    }
    if (is_trusted || time::clock_source() != "tsc") return;
    time::Counter* other = drivers::fallback_counter();
    const char* problem =
        outcome.verdict == Calibration::Verdict::Uneven ? "runs unevenly" : "cannot be checked";
    if (other == nullptr) {
        log::warning("clock: the cycle counter {}, and there is no other", problem);
        return;
    }
    time::use_counter(*other);
    log::warning("clock: the cycle counter {}: {} is the clock from here on", problem, other->name());
}

enum class Step : u8 { Middle, End, KeepReading };
constinit Step next_step = Step::Middle;

/// Halfway, at the end of the measurement, and then as often as a counter that wraps must be read.
void take_step(time::Timer& timer) {
    if (next_step == Step::Middle) {
        calibration.note_middle();
        next_step = Step::End;
        timer.run_again_after(HALF);
        return;
    }
    if (next_step == Step::End) judge_cycle_counter();
    next_step = Step::KeepReading;
    (void)time::monotonic();
    if (const time::Nanoseconds silence = time::longest_silence(); silence != ~0ULL)
        timer.run_again_after(silence);
}
constinit time::Timer steps{&take_step};

/// `clocksource=` as Linux has it (kernel-parameters.txt); tsc also means that no check can remove it.
void apply_command_line() {
    const auto name = command_line().value("clocksource");
    if (!name) return;
    if (*name == "tsc")
        is_trusted = true;
    else if (time::Counter* counter = drivers::find_counter(*name))
        time::use_counter(*counter);
    else
        log::warning("clocksource={}: there is no such clock here", *name);
}

}  // namespace

void start_clock() {
    drivers::start_counters(ports());
    const Result<u64> measured = calibration.measure(drivers::reference_counter());
    const u64 stated = arch::stated_cycle_counter_rate();
    time::start_clock(stated != 0 ? stated : measured ? *measured : USUAL_RATE);
    if (!measured) log::warning("clock: the timer to calibrate by stands still");
    is_trusted = arch::has_invariant_cycle_counter();
    apply_command_line();
    log::debug("clock: {}, the cycle counter runs at {} kHz", time::clock_source(),
               time::cycle_counter_hertz() / 1000);
    steps.arm(time::Deadline::after(HALF));
}

}  // namespace exo::startup
