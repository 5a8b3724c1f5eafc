// Several CPUs that run the scheduler: one host thread each, kernel threads as fibres on it. CPU 0 is the test itself.
//
//   Threads threads;
//   threads.start(1, [&] { ... });   // on CPU 1
//   threads.start(2, [&] { ... });
//   threads.join();
//
// The CPUs are started once a program and never stop. If all threads sleep for good, a wake-up was lost: the hosted home
// says so and aborts.
#pragma once

#include <functional>
#include <thread>

#include "scheduler/mutex.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/thread_registry.hpp"
#include "support/must.hpp"

namespace exo::test {

inline constexpr u32 CPUS = 4;

inline void start_cpus() {
    using scheduler::SCHEDULER;
    static std::atomic<u32> started{0};
    if (started != 0) return;
    time::start_clock(time::SECOND);
    MUST(SCHEDULER.init());
    started = 1;
    for (u32 cpu = 1; cpu < CPUS; ++cpu) {
        std::thread([cpu] {
            arch::hosted::join_machine(cpu);
            MUST(SCHEDULER.init());
            ++started;
            SCHEDULER.start();
        }).detach();
    }
    while (started != CPUS) std::this_thread::yield();
}

/// What the boot thread does while it waits: it may not park, being the idle thread.
inline void idle_until(const std::function<bool()>& is_done) {
    while (!is_done()) {
        arch::disable_interrupts();
        const bool others_wait = scheduler::SCHEDULER.others_are_waiting();
        if (others_wait || is_done()) {
            arch::enable_interrupts();
            if (others_wait) scheduler::SCHEDULER.yield_now();
        } else {
            arch::wait_for_interrupt();
        }
    }
}

/// Kernel threads of one test. All must have ended when it goes.
class Threads {
  public:
    Threads() { start_cpus(); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() { join(); }

    Ref<scheduler::Thread> start(u32 cpu, std::function<void()> body,
                                 scheduler::ThreadPriority priority = scheduler::ThreadPriority::Normal) {
        auto* entry = new Entry{*this, std::move(body)};
        auto thread = MUST(scheduler::Thread::create("test", &Threads::enter, entry, priority));
        ids_.push_back(thread->id());
        ++running_;
        scheduler::SCHEDULER.start_thread(thread, cpu);
        return thread;
    }
    /// One on each CPU.
    void start_on_all(const std::function<void(u32 cpu)>& body) {
        for (u32 cpu = 0; cpu < CPUS; ++cpu) start(cpu, [body, cpu] { body(cpu); });
    }

    /// Returns when all have ended. Callers that hold no reference may look at is_gone() then.
    void join() {
        idle_until([this] { return running_ == 0; });
    }
    /// The scheduler has let go of them all, and nobody else holds one: waits for what is still leaving its CPU.
    bool are_gone() {
        join();
        for (const scheduler::ThreadId id : ids_) {
            for (u32 tries = 0; scheduler::THREADS.find(id); ++tries) {
                if (tries == 100'000) return false;
                scheduler::SCHEDULER.yield_now();  // those on our own CPU
                std::this_thread::yield();
            }
        }
        return true;
    }

  private:
    struct Entry {
        Threads& threads;
        std::function<void()> body;
    };
    static void enter(void* argument) {
        auto* entry = static_cast<Entry*>(argument);
        entry->body();
        Threads& threads = entry->threads;
        delete entry;
        // The last to go wakes the boot thread, which may then destroy `threads`: nothing of it is touched after.
        if (--threads.running_ == 0) arch::wake_cpu(0);
    }
    std::atomic<u32> running_{0};
    std::vector<scheduler::ThreadId> ids_;
};

}  // namespace exo::test
