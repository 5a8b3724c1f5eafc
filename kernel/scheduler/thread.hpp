// Thread: a thread of execution in the kernel. A thread of a program also has user state.
#pragma once

#include <atomic>
#include <string_view>

#include "arch/interface.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "memory/virtual/page_table.hpp"
#include "scheduler/inheritance.hpp"
#include "scheduler/urgency.hpp"
#include "sync/held_locks.hpp"
#include "sync/tally.hpp"
#include "time/clock.hpp"
#include "time/timer.hpp"
#include "utils/box.hpp"
#include "utils/flags.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::scheduler {

using ThreadId = u32;
using time::Nanoseconds;

enum class WaitMode : u8;

enum class ThreadState : u8 { Ready, Running, Blocked, Terminated };

/// The class by the moving average of the run time before a thread blocks: < 1 ms, 1-10 ms, > 10 ms.
enum class QueueType : u8 { Hot, Normal, Cold };

/// Bits of ThreadHeader::work: what the thread must do before it returns to user mode.
enum class Work : u32 {
    None = 0,
    Reschedule = 1,    ///< Another thread should run.
    Signal = 2,        ///< A signal may be deliverable: interruptible waits end.
    Kill = 4,          ///< The thread must end: killable waits end too.
    RestoreFpu = 8,    ///< The FPU holds another thread's state.
    Personality = 16,  ///< posix_x has work (a call to be restarted).
    Rseq = 32,  ///< Another thread has run since this one left user mode, and this one has requested the bit
                ///< (UserState::on_resume).
};
EXO_FLAGS(Work);
inline constexpr Work ALL_WORK = static_cast<Work>(63);

struct ThreadStats {
    Nanoseconds total_runtime_ns;
    u64 context_switches;
    Nanoseconds ema_runtime_ns;
};

/// The CPU usage of a thread. The total time is exact; its division is sampled (scheduler.hpp).
struct CpuUse {
    Nanoseconds run_time = 0;
    u64 user_samples = 0;
    u64 kernel_samples = 0;
    u64 voluntary_switches = 0;    ///< Switches because the thread blocked.
    u64 involuntary_switches = 0;  ///< Switches because it was another thread's turn.
    u64 minor_faults = 0;          ///< Page faults that vm resolved for it.
};

/// The additional state of a thread of a program. posix_x makes it; the thread owns it.
struct UserState {
    void* fpu = nullptr;       ///< arch::fpu_area_size() bytes.
    bool fpu_is_live = false;  ///< The CPU's registers are newer than `fpu`.
    /// Work that the thread gets whenever another thread has run in between.
    Work on_resume = Work::None;
    u64 fs_base = 0;
    u64 gs_base = 0;
    arch::SegmentSelectors selectors;
    memory::PageTable* page_table = nullptr;  ///< The page table of the address space, whose owner keeps it
                                              ///< alive.

    UserState() = default;
    UserState(const UserState&) = delete;
    UserState& operator=(const UserState&) = delete;
    ~UserState();
    /// Errors: Enomem.
    static Result<Box<UserState>> create();
    /// Leaves the FPU state uninitialised: the caller writes all of it. Errors: Enomem.
    static Result<Box<UserState>> create_for_copy();
};

class Thread final : public sync::ThreadHeader, public Object {
  public:
    using Entry = void (*)(void* argument);
    static constexpr usize NAME_SIZE = 16;

    /// Makes a thread that is not runnable yet: pass it to Scheduler::start_thread. Errors: Enomem.
    static Result<Ref<Thread>> create(std::string_view name, Entry entry, void* argument,
                                      ThreadPriority priority);
    ~Thread() override;

    ThreadId id() const { return id_; }
    /// The CPU on which it runs or ran last.
    u32 cpu() const { return cpu_.load(std::memory_order_relaxed); }
    /// Before the thread is started.
    void inherit_cpus(const Thread& parent) {
        allowed_cpus_.store(parent.allowed_cpus(), std::memory_order_relaxed);
    }
    bool may_run_on(u32 cpu) const { return (allowed_cpus() >> cpu & 1) != 0; }
    u64 allowed_cpus() const { return allowed_cpus_.load(std::memory_order_relaxed); }
    std::string_view name() const { return {name_}; }
    /// The number by which programs know it; 0: they do not.
    i32 number() const { return number_.load(std::memory_order_relaxed); }
    void set_number(i32 number) { number_.store(number, std::memory_order_relaxed); }
    void set_name(std::string_view name);
    ThreadState state() const { return state_.load(std::memory_order_relaxed); }
    /// The mode of its last wait: what can end it besides the wake-up.
    WaitMode wait_mode() const { return wait_mode_.load(std::memory_order_relaxed); }
    /// The priority by which it is scheduled: its own, or the inherited one (inheritance.hpp) if that is
    /// higher.
    ThreadPriority priority() const { return priority_.get(); }
    ThreadPriority own_priority() const { return priority_for(own_urgency_.get()); }
    /// The urgency behind priority().
    Urgency urgency() const { return urgency_.get(); }
    bool is_realtime() const { return priority() == ThreadPriority::Realtime; }
    /// Whether it goes behind the others of its realtime priority after a while.
    bool takes_turns() const { return policy_.get() == RealtimePolicy::RoundRobin; }
    /// Before the thread is started: gives it an urgency and a policy of its own.
    void begin_scheduling(Urgency urgency, RealtimePolicy policy);
    QueueType queue_type() const { return queue_type_.get(); }
    ThreadStats stats() const;
    /// Includes the present slice.
    CpuUse cpu_use() const;
    /// Callable only for the calling thread.
    void count_minor_fault() { use_.minor_faults.add(1); }
    void* stack_top() const { return stack_.top(); }
    /// The user's registers, which the entry code saves at the top of the kernel stack.
    arch::UserRegisters& user_registers() const;

    UserState* user() { return user_.get(); }
    void set_user(Box<UserState> user) { user_ = std::move(user); }
    /// The object that the personality attaches to the thread (posix_x: the task). The thread drops it when
    /// it ends.
    Object* personality() const { return personality_.get(); }
    // release: pairs with the acquire in Scheduler::switch_to
    void leave_cpu() { is_on_cpu_.store(false, std::memory_order_release); }
    void set_personality(Ref<Object> object) { personality_ = std::move(object); }

    /// Makes the scheduler take a sample of the running thread every 10 ms and pass it to posix_x, which has CPU timers.
    void watch_cpu_time();
    bool watches_cpu_time() const { return watches_cpu_time_.load(std::memory_order_relaxed); }

    /// Guarded by INHERITANCE.
    InheritanceNode inheritance;

    /// The net layer's account of the packets that the thread puts off (net/link/activity.hpp).
    void* network_activity = nullptr;

    /// When it last entered the kernel, passed a preemption point or was switched to (preemption.hpp, debug builds).
    Nanoseconds stay_begin = 0;

    /// The last system call without a handler that its program made and that was logged; -1: none.
    u64 unsupported_call = ~0ULL;

    void add_work(Work bits) { work.fetch_or(std::to_underlying(bits), std::memory_order_seq_cst); }
    void clear_work(Work bits) { work.fetch_and(~std::to_underlying(bits), std::memory_order_seq_cst); }
    bool has_work(Work bits) const {
        return (work.load(std::memory_order_seq_cst) & std::to_underlying(bits)) != 0;
    }

  private:
    friend class Scheduler;
    friend class RunQueue;
    friend class RealtimeQueue;
    friend class Timeline;
    friend class ThreadRegistry;
    friend class UrgentSection;
    friend Result<> park(WaitMode mode, time::Deadline deadline);
    friend void unpark(Thread& thread);

    Thread(std::string_view name, ThreadPriority priority, memory::KernelStack stack);
    static void begin(void* thread);

    ThreadId id_;
    // Guarded by the lock of its run queue.
    sync::Tally<ThreadPriority> priority_;
    sync::Tally<Urgency> urgency_;
    sync::Tally<Urgency> own_urgency_;
    sync::Tally<Urgency> inherited_urgency_{IDLE_URGENCY};
    sync::Tally<RealtimePolicy> policy_{RealtimePolicy::Fifo};
    sync::Tally<QueueType> queue_type_{QueueType::Normal};
    std::atomic<ThreadState> state_{ThreadState::Blocked};
    /// The parking token; see parking.hpp.
    std::atomic<u8> token_{0};
    std::atomic<WaitMode> wait_mode_{};
    /// A CPU still uses the registers, so no other CPU may switch to the thread yet.
    std::atomic<bool> is_on_cpu_{false};
    /// The CPU that runs it, in whose queue it is, or on which it ran last. It changes under the lock of that CPU's queue, or
    /// while the thread is blocked, by the thread that wakes it.
    std::atomic<u32> cpu_{0};
    /// The CPUs on which it may run, one bit each.
    std::atomic<u64> allowed_cpus_{~0ULL};

    Entry entry_ = nullptr;
    void* argument_ = nullptr;
    arch::ThreadContext context_{};
    [[no_unique_address]] arch::Fibre fibre_;
    memory::KernelStack stack_;
    Box<UserState> user_;
    Ref<Object> personality_;

    ListNode run_link_;  ///< In a list of a run queue.
    TreeNode id_link_;
    bool is_urgent_ = false;   ///< Only the thread itself writes it (UrgentSection).
    bool is_counted_ = false;  ///< In RunQueue::runnable_realtime.
    Nanoseconds turn_ran_ns_ =
        0;  ///< How long it has run since it came behind its equals, as a realtime thread.
    Nanoseconds ready_since_ = 0;
    Nanoseconds running_since_ = 0;     ///< Guarded by the lock of its run queue.
    Nanoseconds total_runtime_ns_ = 0;  ///< Guarded by the lock of its run queue.
    Nanoseconds burst_ns_ = 0;          ///< Run time since the thread last blocked.
    sync::Tally<Nanoseconds> ema_runtime_ns_;
    sync::Tally<u64> context_switches_;
    /// The counters of CpuUse. The CPU that runs the thread updates them.
    struct {
        sync::Tally<u64> user_samples;
        sync::Tally<u64> kernel_samples;
        sync::Tally<u64> voluntary_switches;
        sync::Tally<u64> involuntary_switches;
        sync::Tally<u64> minor_faults;
    } use_;
    std::atomic<bool> watches_cpu_time_{false};
    std::atomic<i32> number_{0};
    char name_[NAME_SIZE] = {};
};

/// The calling thread. Callable once the scheduler has a thread on this CPU.
inline Thread& current_thread() {
    return *static_cast<Thread*>(static_cast<sync::ThreadHeader*>(arch::current_thread()));
}

}  // namespace exo::scheduler
