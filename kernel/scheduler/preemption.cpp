#include "scheduler/preemption.hpp"

#include "log/log.hpp"

namespace exo::scheduler {

void Scheduler::give_way() {
    // The boot runs in the idle thread, and goes on before anybody else does.
    if (&current_thread() != cpus_.mine().idle) reschedule_if_due();
}

Result<> Scheduler::give_way(WaitMode mode) {
    give_way();
    return check_interrupted(mode);
}

#if defined(EXO_DEBUG)
namespace watchdog {

namespace {

constinit std::atomic<time::Nanoseconds> limit{0};

Thread* current_thread_or_null() {
    auto* header = static_cast<sync::ThreadHeader*>(arch::current_thread());
    return header != nullptr ? static_cast<Thread*>(header) : nullptr;
}

}  // namespace

void set_limit(time::Nanoseconds nanoseconds) { limit.store(nanoseconds, std::memory_order_relaxed); }

void begin_stay() {
    if (limit.load(std::memory_order_relaxed) == 0) return;
    if (Thread* thread = current_thread_or_null()) thread->stay_begin = time::monotonic();
}

void end_stay(u64 place) {
    const time::Nanoseconds most = limit.load(std::memory_order_relaxed);
    if (most == 0) return;
    Thread* thread = current_thread_or_null();
    if (thread == nullptr) return;
    const time::Nanoseconds now = time::monotonic();
    const time::Nanoseconds stay = now - std::exchange(thread->stay_begin, now);
    if (std::exchange(thread->has_sanitizer_work, false)) return;
    if (stay <= most || stay == now) return;
    log::LineBuffer line;
    const auto append = [&](std::string_view text) { line.append(text); };
    format_to(append, "watchdog: {} ({}) was in the kernel for {} us without a preemption point, until",
              thread->name(), thread->id(), stay / time::MICROSECOND);
    arch::describe_address(append, place);
    log::write_line(log::Level::Error, line.view());
    thread->stay_begin = time::monotonic();
}

}  // namespace watchdog
#endif

}  // namespace exo::scheduler
