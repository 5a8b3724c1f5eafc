// The scheduler: which thread runs on which CPU, and the switch between them.
//
// Key types: Thread (thread.hpp), RunQueue (three queues by average run time: run_queue.hpp), WaitQueue and
// park/unpark (wait_queue.hpp, parking.hpp), Mutex and RwLock (mutex.hpp). Neighbours: memory (stacks), time
// (slices, timeouts) below; vm and posix_x above attach their state to Thread.
// Locking: one IrqOff spin lock for each run queue. It is released before the switch; is_on_cpu_ marks a
// thread whose registers are still in use. Kernel code is not preempted: a switch happens where a thread
// blocks, yields, passes a preemption point (preemption.hpp), or returns to user mode with Work::Reschedule
// set.
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

/// A CPU's time since boot. The division of busy time is sampled.
struct CpuTimes {
    Nanoseconds busy = 0;
    Nanoseconds idle = 0;
    u64 user_samples = 0;
    u64 kernel_samples = 0;
};

/// Whether the present slice of a running thread counts.
enum class Slice : u8 { Excluded, Included };

/// While a thread runs, an interrupt comes at least this often and records whether it interrupted user mode.
/// So time is divided between program and kernel without reading the clock on each entry. A thread that runs alone
/// gets them less and less often, and an idle CPU gets none.
inline constexpr Nanoseconds SAMPLE_PERIOD = 10 * time::MILLISECOND;
inline constexpr Nanoseconds LONGEST_SAMPLE_PERIOD = time::SECOND;

/// The bits of work that the return hook handles (Scheduler::set_return_hook).
inline constexpr Work RETURN_HOOK_WORK = Work::Signal | Work::Kill | Work::Personality | Work::Rseq;

/// Called once on the new stack after each switch.
void finish_switch();

class Scheduler {
  public:
    constexpr Scheduler() = default;

    /// Makes the code that runs on this CPU its first thread ("boot", later the idle thread). Errors: Enomem.
    Result<> init();
    /// Makes the idle thread of a further CPU. Returns the end of its stack, on which that CPU starts. Errors: Enomem.
    Result<void*> prepare_cpu(u32 cpu);
    /// Makes the code that runs on this CPU, for which prepare_cpu was called, its idle thread.
    void join();
    /// Starts a kernel thread (specification 3.1). `stack_size` is at most memory::KernelStack::SIZE. Errors:
    /// Enomem, InvalidSize.
    Result<ThreadId> spawn(std::string_view name, void (*entry)(), usize stack_size);
    /// Makes a thread from Thread::create runnable for the first time, on this CPU or an idle one (choose_cpu).
    void start_thread(Ref<Thread> thread);
    /// Makes it runnable on another CPU that runs the scheduler. The thread stays on that CPU.
    void start_thread(Ref<Thread> thread, u32 cpu);
    /// Sets the CPUs on which the thread may run: at least one that runs. One that runs elsewhere moves at its next switch,
    /// which this call asks for.
    void allow_cpus(Thread& thread, u64 cpus);
    /// The CPUs that run threads, one bit each.
    u64 cpus() const { return cpus_in_use_.load(std::memory_order_relaxed); }
    /// Turns the calling boot thread into this CPU's idle thread.
    [[noreturn]] void start();

    void yield_now();
    /// Loads the calling thread's FPU registers, if it has any, on this CPU. If the thread may migrate, they
    /// may be unloaded again at any time.
    void load_fpu();
    /// Whether this CPU has a runnable thread besides the running one. Interrupts must be off.
    bool others_are_waiting() { return !cpus_.mine().queue.lock_without_interrupts()->is_empty(); }
    /// Blocks the calling thread until unblock_thread (specification 3.1). Returns at once if that call came
    /// first.
    void block_current();
    /// Wakes a thread. Errors: Esrch.
    Result<> unblock_thread(ThreadId id);
    /// Ends the calling thread. The next thread on this CPU frees its stack.
    [[noreturn]] void exit_current();

    /// Sets the thread's own urgency, and what it does as a realtime thread. A CPU that then has a more urgent thread than the
    /// running one switches.
    void set_urgency(Thread& thread, Urgency own, RealtimePolicy policy);
    /// Sets the inherited urgency; IDLE_URGENCY: it inherits none.
    void inherit_urgency(Thread& thread, Urgency inherited);

    SchedulerStats stats();
    /// The run time on all CPUs: that of all threads but the idle ones, and that of the idle threads.
    Nanoseconds busy_time();
    Nanoseconds idle_time();
    CpuTimes cpu_times(u32 cpu);
    Nanoseconds run_time(const Thread& thread, Slice slice);
    /// The thread's run time since it last blocked, including the present slice.
    Nanoseconds burst_time(const Thread& thread);
    LoadAverage::Loads loads() { return load_average_.lock()->read(time::monotonic()); }
    /// The number of runnable threads, including running ones.
    u32 runnable_count();
    u64 switch_count() { return stats().total_switches; }
    u64 thread_count_ever() const { return next_id_.load(std::memory_order_relaxed) - 1; }

    /// Sets the hook that runs on the way to user mode while the thread has RETURN_HOOK_WORK, with interrupts
    /// on. The hook must clear the bits that it has handled. Called once, by posix_x.
    void set_return_hook(void (*hook)(arch::UserRegisters&)) { return_hook_ = hook; }
    /// Sets the hook that gets each sample of a running thread that watches its CPU time: its personality,
    /// with interrupts off. Called once, by posix_x.
    void set_sample_hook(void (*hook)(Object&)) { sample_hook_ = hook; }

    // For the other files of this folder.
    ThreadId allocate_id() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
    void make_runnable(Thread& thread);
    /// If the thread runs on another CPU, makes that CPU enter the kernel, so that the thread sees its work.
    void prod(const Thread& thread);
    /// Where a thread that stays runnable waits: behind its equals, or, if it is realtime and its turn is not over, before them.
    enum class Place : u8 { Back, Front };
    void switch_away(ThreadState new_state, Place place = Place::Back);
    void reschedule_if_due();
    /// The slow path of a preemption point (preemption.hpp): switches if it is another thread's turn.
    void give_way();
    /// The slow path of a preemption point whose work may end early. Errors: RestartSys (a signal or kill
    /// that `mode` admits).
    Result<> give_way(WaitMode mode);
    void tick();
    void prepare_return_to_user(arch::UserRegisters& registers);

  private:
    /// A CPU uses only its own record, except for the queue. Other CPUs may read the counters.
    /// is_busy is false while the CPU has nothing to run: it sleeps, or is about to look again.
    // Its size is a power of two: a CPU finds its own with a shift, at each switch.
    struct alignas(512) Cpu {
        sync::SpinLocked<RunQueue, sync::LockRank::RunQueue, sync::IrqOff> queue;
        Thread* idle = nullptr;
        Thread* running = nullptr;   ///< Guarded by the queue's lock.
        Thread* exile = nullptr;     ///< The thread before the last switch, if `settle` has to find it a CPU.
        Thread* previous = nullptr;  ///< The thread before the last switch, for finish_switch.
        Nanoseconds slice_end = ~0ULL;
        static constexpr Nanoseconds NEVER = INT64_MAX;
        Nanoseconds sample_at = NEVER;  ///< At most SAMPLE_PERIOD after the last switch.
        Nanoseconds sampled_at = 0;
        sync::Tally<u64> user_samples;
        sync::Tally<u64> kernel_samples;
        sync::Tally<Nanoseconds> idle_ns;
        sync::Tally<Nanoseconds> busy_ns;
        sync::Tally<u64> switches;
        sync::Tally<bool> is_busy;
    };
    friend void finish_switch();
    friend class UrgentSection;
    bool has_one_cpu() const { return cpus_in_use_.load(std::memory_order_relaxed) == 1; }
    bool is_idle(u32 cpu) { return !cpus_.of(cpu).is_busy.get(); }
    u32 choose_cpu(Thread& thread);
    [[gnu::noinline]] u32 move_to_chosen_cpu(Thread& thread);
    auto lock_queue_of(const Thread& thread);
    bool steal();
    [[gnu::cold]] u32 least_urgent_cpu(Thread& thread, u64 allowed, u32 last);
    [[gnu::cold]] void pull_realtime(Urgency running);
    [[gnu::cold]] void settle(Thread& exile, Thread& previous);
    template <bool WITH_REALTIME>
    Thread* choose_next(Cpu& cpu, RunQueue& queue, Thread& self, ThreadState new_state, Place place,
                        Nanoseconds now);
    [[gnu::cold, clang::preserve_most]] Thread* choose_next_with_realtime(Cpu& cpu, Thread& self,
                                                                          ThreadState new_state, Place place);
    [[gnu::cold, clang::preserve_most]] void reschedule_with_realtime(Cpu& cpu, Thread& self);
    void offer_work(Cpu& cpu);
    template <bool WITH_REALTIME> static void charge(Cpu& cpu, Thread& thread, Nanoseconds now);
    void take_sample(Cpu& cpu);
    static void limit_sample(Cpu& cpu, Nanoseconds now);
    void take_load_sample();
    void switch_to(Cpu& cpu, Thread& from, Thread& to);
    void follow_urgency(RunQueue& queue, Thread& thread);
    static void restore_fpu(Thread& thread);
    static void save_user_state(Thread& thread);
    static void load_user_state(const Thread& from, Thread& thread);

    sync::PerCpu<Cpu> cpus_{};
    void (*return_hook_)(arch::UserRegisters&) = nullptr;
    void (*sample_hook_)(Object&) = nullptr;
    std::atomic<u64> cpus_in_use_{0};
    std::atomic<ThreadId> next_id_{1};
    std::atomic<u64> live_threads_{0};
    sync::SpinLocked<LoadAverage, sync::LockRank::Timer, sync::IrqOff> load_average_;
};

extern constinit Scheduler SCHEDULER;

/// While it exists, the calling thread is a Hot thread and comes first among those of its priority after each
/// switch. So a preemption point costs it at most one time slice of another thread, however many are
/// runnable. For work that other threads wait for, and whose length a system-wide limit bounds. At the next
/// switch afterwards the class follows the run time again.
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
