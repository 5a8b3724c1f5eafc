// The scheduler: which thread runs on which CPU, and the switch between them.
//
// Key types: Thread (thread.hpp), RunQueue (three queues by run-time average: run_queue.hpp), WaitQueue and park/unpark
// (wait_queue.hpp, parking.hpp), Mutex and RwLock (mutex.hpp). Neighbours: memory (stacks), time (slices, timeouts) below;
// vm and posix_x above hang their state on Thread.
// Locking: one IrqOff spin lock a run queue; it is released before the switch, and a thread whose registers are still in
// use is marked by is_on_cpu_. Kernel code is not preempted: a switch happens where a thread blocks, yields, passes a
// preemption point (preemption.hpp), or returns to user mode with Work::Reschedule set.
#pragma once

#include "scheduler/load_average.hpp"
#include "scheduler/run_queue.hpp"
#include "scheduler/thread.hpp"
#include "sync/per_cpu.hpp"
#include "sync/spin_lock.hpp"

namespace exo::scheduler {

struct SchedulerStats {
    u64 total_switches;
    u64 hot_queue_len;
    u64 normal_queue_len;
    u64 cold_queue_len;
    u64 threads;
};

/// One CPU's time since boot. What busy time was spent on is sampled.
struct CpuTimes {
    Nanoseconds busy = 0;
    Nanoseconds idle = 0;
    u64 user_samples = 0;
    u64 kernel_samples = 0;
};

/// Whether the slice that a thread is running counts with its run time.
enum class Slice : u8 { Excluded, Included };

/// While a thread runs, an interrupt comes at least this often and notes whether it found it in user mode: so time is
/// divided between program and kernel without a look at the clock on each entry. An idle CPU is left in peace.
inline constexpr Nanoseconds SAMPLE_PERIOD = 10 * time::MILLISECOND;

/// What the return hook has to do with (Scheduler::set_return_hook).
inline constexpr Work RETURN_HOOK_WORK = Work::Signal | Work::Kill | Work::Personality | Work::Rseq;

/// Called once on the new stack after each switch.
void finish_switch();

class Scheduler {
  public:
    constexpr Scheduler() = default;

    /// Makes the running code of this CPU its first thread ("boot", later the idle thread). Errors: Enomem.
    Result<> init();
    /// Spec 3.1: a kernel thread. `stack_size` is at most memory::KernelStack::SIZE. Errors: Enomem, InvalidSize.
    Result<ThreadId> spawn(std::string_view name, void (*entry)(), usize stack_size);
    /// Makes a thread from Thread::create runnable for the first time, on this CPU.
    void start_thread(Ref<Thread> thread) { start_thread(std::move(thread), arch::cpu_index()); }
    /// Makes it runnable on another CPU that runs the scheduler. The thread stays there.
    void start_thread(Ref<Thread> thread, u32 cpu);
    /// Turns the calling boot thread into this CPU's idle thread.
    [[noreturn]] void start();

    void yield_now();
    /// The calling thread's FPU registers are on this CPU afterwards, if it has any. Where it may be moved they need not stay.
    void load_fpu();
    /// Whether this CPU has a runnable thread besides the running one. Interrupts must be off.
    bool others_are_waiting() { return !cpus_.mine().queue.lock()->is_empty(); }
    /// Spec 3.1: until unblock_thread. Returns at once if that came first.
    void block_current();
    /// Errors: Esrch.
    Result<> unblock_thread(ThreadId id);
    /// The calling thread ends here. Its stack is freed by whoever runs next.
    [[noreturn]] void exit_current();

    /// Counts from the next time that the thread is chosen or waits.
    void set_priority(Thread& thread, ThreadPriority own);
    /// Idle: it inherits nothing. Counts from the next time that the thread is chosen or waits.
    void inherit_priority(Thread& thread, ThreadPriority inherited);

    SchedulerStats stats();
    /// Run time of all threads but idle, and of idle, on all CPUs.
    Nanoseconds busy_time();
    Nanoseconds idle_time();
    CpuTimes cpu_times(u32 cpu);
    Nanoseconds run_time(const Thread& thread, Slice slice);
    /// What the thread has run since it last blocked, the running slice included.
    Nanoseconds burst_time(const Thread& thread);
    LoadAverage::Loads loads() { return load_average_.lock()->read(time::monotonic()); }
    /// Runnable threads now, the running one included.
    u32 runnable_count();
    u64 switch_count() { return stats().total_switches; }
    u64 thread_count_ever() const { return next_id_.load(std::memory_order_relaxed) - 1; }

    /// Called on the way to user mode while the thread has RETURN_HOOK_WORK, with interrupts on. It
    /// must clear what it has dealt with. Set once, by posix_x.
    void set_return_hook(void (*hook)(arch::UserRegisters&)) { return_hook_ = hook; }
    /// Called with interrupts off for each sample of a running thread that watches its CPU time, with its personality. Set once, by
    /// posix_x.
    void set_sample_hook(void (*hook)(Object&)) { sample_hook_ = hook; }

    // For the neighbours in this folder.
    ThreadId allocate_id() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
    void make_runnable(Thread& thread);
    void switch_away(ThreadState new_state);
    void reschedule_if_due();
    /// At a preemption point (preemption.hpp), when another thread's turn may have come.
    void give_way();
    /// At a preemption point of work that may end early. Errors: RestartSys (a signal or kill that `mode` admits).
    Result<> give_way(WaitMode mode);
    void tick();
    void prepare_return_to_user(arch::UserRegisters& registers);

  private:
    /// Everything but the queue is its own CPU's; others may read the tallies.
    struct Cpu {
        sync::SpinLocked<RunQueue, sync::LockRank::RunQueue, sync::IrqOff> queue;
        Thread* idle = nullptr;
        Thread* previous = nullptr;  ///< Whom the switch came from, for finish_switch.
        Nanoseconds slice_end = ~0ULL;
        Nanoseconds sample_at = ~0ULL;
        sync::Tally<u64> user_samples;
        sync::Tally<u64> kernel_samples;
        sync::Tally<Nanoseconds> idle_ns;
        sync::Tally<Nanoseconds> busy_ns;
        sync::Tally<u64> switches;
        sync::Tally<bool> is_busy;
    };
    friend void finish_switch();
    friend class UrgentSection;
    static void charge(Cpu& cpu, Thread& thread, Nanoseconds now);
    void take_sample(Cpu& cpu);
    void take_load_sample();
    void switch_to(Cpu& cpu, Thread& from, Thread& to);
    static void follow_priority(RunQueue& queue, Thread& thread);
    static void restore_fpu(Thread& thread);
    static void save_user_state(Thread& thread);
    static void load_user_state(const Thread& from, Thread& thread);

    sync::PerCpu<Cpu> cpus_{};
    void (*return_hook_)(arch::UserRegisters&) = nullptr;
    void (*sample_hook_)(Object&) = nullptr;
    std::atomic<ThreadId> next_id_{1};
    std::atomic<u64> live_threads_{0};
    sync::SpinLocked<LoadAverage, sync::LockRank::Timer, sync::IrqOff> load_average_;
};

extern constinit Scheduler SCHEDULER;

/// As long as it exists, the calling thread is a Hot thread, and comes first of those of its priority whenever it has given way: each
/// preemption point costs it one time slice of another thread, however many are runnable. For work that keeps others waiting until it
/// is done, and whose length a bound of the whole system limits. The class follows the run time again at the next switch after it.
class [[nodiscard]] UrgentSection {
  public:
    UrgentSection();
    ~UrgentSection();
    UrgentSection(const UrgentSection&) = delete;
    UrgentSection& operator=(const UrgentSection&) = delete;

  private:
    bool was_urgent_;
};

}  // namespace exo::scheduler
