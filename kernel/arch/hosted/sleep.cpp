// Time, and how a CPU waits for it: an idle CPU sleeps until another wakes it or its timer is due. Time moves only while
// every CPU sleeps, to the earliest timer; so nobody's timer is late, and a run on one CPU is the same each time.
//
// Interrupts do not interrupt: they are delivered where simulated time is advanced, and where a CPU sleeps.
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "arch/upcalls.hpp"

namespace exo::arch {

namespace hosted {

std::atomic<u64> simulated_time{0};

namespace {

constexpr u64 NOT_ARMED = ~0ULL;

/// All but the deadline is guarded by `lock`. The deadline is its CPU's own while that runs, and read by others only
/// while it sleeps.
struct Sleeper {
    u64 timer_deadline = NOT_ARMED;
    bool takes_part = false;
    bool is_asleep = false;
    bool is_interrupted = false;
    bool is_woken = false;  ///< By another CPU, not by its timer.
    pthread_cond_t wake_up = PTHREAD_COND_INITIALIZER;
};
constinit Sleeper sleepers[MAX_CPUS] = {{.takes_part = true}};
constinit pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

class Locked {
  public:
    Locked() { pthread_mutex_lock(&lock); }
    ~Locked() { pthread_mutex_unlock(&lock); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
};

Sleeper& own() { return sleepers[this_cpu.index]; }

void interrupt(Sleeper& sleeper) {
    sleeper.is_interrupted = true;
    sleeper.is_asleep = false;
    pthread_cond_signal(&sleeper.wake_up);
}

/// Sets the clock and interrupts the CPUs that sleep until then.
void set_time(u64 now) {
    simulated_time.store(now);
    for (Sleeper& sleeper : sleepers)
        if (sleeper.is_asleep && sleeper.timer_deadline <= now) interrupt(sleeper);
}

/// Called when the last CPU has fallen asleep.
void go_to_next_timer() {
    u64 earliest = NOT_ARMED;
    for (const Sleeper& sleeper : sleepers)
        if (sleeper.takes_part) earliest = std::min(earliest, sleeper.timer_deadline);
    if (earliest == NOT_ARMED) {
        std::fputs("hosted: every thread sleeps and no timer is armed\n", stderr);
        std::abort();
    }
    set_time(std::max(simulated_time.load(), earliest));
}

bool all_sleep() {
    return std::ranges::all_of(
        sleepers, [](const Sleeper& sleeper) { return !sleeper.takes_part || sleeper.is_asleep; });
}

void sleep_until_interrupted(Sleeper& self) {
    self.is_asleep = !self.is_interrupted && self.timer_deadline > simulated_time.load();
    while (self.is_asleep) {
        if (all_sleep())
            go_to_next_timer();
        else
            pthread_cond_wait(&self.wake_up, &lock);
    }
    self.is_interrupted = false;
}

void deliver_due_timer() {
    Sleeper& self = own();
    if (!this_cpu.interrupts_enabled || simulated_time.load() < self.timer_deadline) return;
    self.timer_deadline = NOT_ARMED;
    this_cpu.interrupts_enabled = false;
    upcalls::timer_tick(upcalls::InterruptedMode::Kernel);
    this_cpu.interrupts_enabled = true;
}

}  // namespace

void advance_time(u64 nanoseconds) {
    const u64 end = simulated_time.load() + nanoseconds;
    while (own().timer_deadline <= end) {
        {
            const Locked locked;
            set_time(std::max(simulated_time.load(), own().timer_deadline));
        }
        deliver_due_timer();
    }
    const Locked locked;
    set_time(end);
}

void join_machine(u32 index) {
    this_cpu.index = index;
    const Locked locked;
    own().takes_part = true;
}

}  // namespace hosted

void wait_for_interrupt() {
    bool is_woken = false;
    {
        const hosted::Locked locked;
        hosted::sleep_until_interrupted(hosted::own());
        std::swap(is_woken, hosted::own().is_woken);
    }
    if (is_woken) upcalls::reschedule();
    enable_interrupts();
    hosted::deliver_due_timer();
}

void wake_cpu(u32 cpu) {
    const hosted::Locked locked;
    hosted::sleepers[cpu].is_woken = true;
    hosted::interrupt(hosted::sleepers[cpu]);
}

// The page tables of this home have no translations to flush, so no CPU has requests for another (the hooks are not set).
void send_request_interrupt(u32) {}
void stop_other_cpus() {}
Result<> start_cpu(const CpuStart&, void*) { return Error::Enodev; }
u32 own_apic_id() { return cpu_index(); }
void serialize_instructions() {}

void arm_timer(u64 nanoseconds_from_now) {
    hosted::own().timer_deadline = hosted::simulated_time.load() + nanoseconds_from_now;
}

void disarm_timer() { hosted::own().timer_deadline = hosted::NOT_ARMED; }

}  // namespace exo::arch
