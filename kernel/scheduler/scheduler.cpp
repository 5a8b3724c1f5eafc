#include "scheduler/scheduler.hpp"

#include <algorithm>

#include "arch/upcalls.hpp"
#include "scheduler/parking.hpp"
#include "scheduler/preemption.hpp"
#include "scheduler/timeline.hpp"
#include "sync/cpu_barrier.hpp"

namespace exo::scheduler {

constinit Scheduler SCHEDULER;

Result<> Scheduler::init() {
    TRY(prepare_cpu(arch::cpu_index()));
    join();
    time::set_tick_hook([] { SCHEDULER.tick(); });
    return {};
}

Result<void*> Scheduler::prepare_cpu(u32 index) {
    Ref<Thread> idle = TRY(Thread::create("idle", nullptr, nullptr, ThreadPriority::Idle));
    idle->cpu_.store(index, std::memory_order_relaxed);
    idle->allowed_cpus_.store(1ULL << index, std::memory_order_relaxed);
    void* const stack_top = idle->stack_top();
    TRY(cpus_.of(index).queue.lock()->init());
    cpus_.of(index).idle = idle.leak();  // lives for ever
    return stack_top;
}

void Scheduler::join() {
    Cpu& cpu = cpus_.mine();
    Thread& idle = *cpu.idle;
    idle.state_.store(ThreadState::Running, std::memory_order_relaxed);
    idle.is_on_cpu_.store(true, std::memory_order_relaxed);
    idle.running_since_ = time::monotonic();
    cpu.running = &idle;
    arch::set_current_thread(static_cast<sync::ThreadHeader*>(&idle));
    sync::join_barriers();
    cpus_in_use_.fetch_or(1ULL << arch::cpu_index(), std::memory_order_seq_cst);
}

Result<ThreadId> Scheduler::spawn(std::string_view name, void (*entry)(), usize stack_size) {
    if (stack_size > memory::KernelStack::SIZE) return Error::InvalidSize;
    // SAFETY: a function pointer travels through void* and back unchanged.
    Ref<Thread> thread = TRY(Thread::create(
        name, [](void* function) { reinterpret_cast<void (*)()>(function)(); },
        reinterpret_cast<void*>(entry), ThreadPriority::Normal));
    const ThreadId id = thread->id();
    start_thread(std::move(thread));
    return id;
}

void Scheduler::start_thread(Ref<Thread> thread) {
    live_threads_.fetch_add(1, std::memory_order_relaxed);
    Thread* started =
        thread.leak();  // the scheduler's own reference, dropped by finish_switch after the last switch
    started->cpu_.store(arch::cpu_index(), std::memory_order_relaxed);
    make_runnable(*started);
}

void Scheduler::start_thread(Ref<Thread> thread, u32 cpu) {
    thread->allowed_cpus_.store(1ULL << cpu, std::memory_order_relaxed);
    start_thread(std::move(thread));
}

void Scheduler::start() {
    while (true) {
        {
            const sync::InterruptsOff no_interrupts;
            bool has_work = !cpus_.mine().queue.lock()->is_empty();
            if (!has_work) has_work = steal();
            if (has_work) switch_away(ThreadState::Ready);
        }
        // An interrupt between the test and the wait sets Reschedule; wait_for_interrupt enables and waits in one step,
        // so the test is made once more with interrupts off.
        arch::disable_interrupts();
        if (!cpus_.mine().queue.lock()->is_empty()) {
            arch::enable_interrupts();
            continue;
        }
        arch::wait_for_interrupt();
        watchdog::begin_stay();
    }
}

void Scheduler::yield_now() {
    current_thread().clear_work(Work::Reschedule);
    switch_away(ThreadState::Ready);
}

void Scheduler::block_current() {
    (void)park(WaitMode::Uninterruptible);  // without a deadline or interruption it cannot fail
}

void Scheduler::exit_current() {
    Thread& self = current_thread();
    self.personality_ = nullptr;
    live_threads_.fetch_sub(1, std::memory_order_relaxed);
    switch_away(ThreadState::Terminated);
    panic("a terminated thread was run again");
}

/// Locks the queue of the CPU to which the thread belongs. It belongs there until the lock is released.
auto Scheduler::lock_queue_of(const Thread& thread) {
    while (true) {
        const u32 cpu = thread.cpu();
        auto queue = cpus_.of(cpu).queue.lock();
        if (thread.cpu() == cpu) return queue;
    }
}

void Scheduler::make_runnable(Thread& thread) {
    TIMELINE.note_wake(thread);
    const u32 index = has_one_cpu() ? thread.cpu() : move_to_chosen_cpu(thread);
    const bool is_own = index == arch::cpu_index();
    Cpu& cpu = cpus_.of(index);
    bool is_noticed = false;  // whether another CPU looks at its queue by itself in time
    {
        auto queue = cpu.queue.lock();
        if (!is_own) is_noticed = !queue->is_empty();
        thread.state_.store(ThreadState::Ready, std::memory_order_relaxed);
        const Nanoseconds now = time::monotonic();
        // Charged last when it blocked; never, if it is new.
        const Nanoseconds blocked_at = thread.running_since_;
        if (blocked_at != 0 && now - blocked_at >= LONG_SLEEP) thread.queue_type_.set(QueueType::Hot);
        queue->enqueue(thread, now);  // from here on it may run and end
        if (is_noticed)
            is_noticed = RunQueue::runnable_realtime() == 0 && !queue->has_better_list(*cpu.running);
    }
    // The running thread checks the queue on its way to user mode: it then either yields or starts a time
    // slice. If others waited already, a slice is running.
    if (is_own)
        current_thread().add_work(Work::Reschedule);
    else if (!is_noticed)
        arch::wake_cpu(index);
}

void Scheduler::prod(const Thread& thread) {
    if (has_one_cpu()) return;
    const u32 cpu = thread.cpu();
    // seq_cst: the thread says that it is on a CPU before it looks at its work for the last time (switch_to).
    if (cpu != arch::cpu_index() && thread.is_on_cpu_.load(std::memory_order_seq_cst)) arch::wake_cpu(cpu);
}

void Scheduler::allow_cpus(Thread& thread, u64 allowed) {
    DEBUG_ASSERT((allowed & cpus()) != 0);
    bool is_taken_out = false;
    {
        auto queue = lock_queue_of(thread);
        thread.allowed_cpus_.store(allowed, std::memory_order_relaxed);
        if ((allowed >> thread.cpu() & 1) != 0) return;
        is_taken_out = thread.run_link_.is_linked() && !thread.is_on_cpu_.load(std::memory_order_acquire);
        if (is_taken_out) queue->remove(thread);
    }
    if (is_taken_out) {
        make_runnable(thread);
    } else if (&thread == &current_thread()) {
        thread.add_work(Work::Reschedule);
    } else {
        thread.add_work(Work::Reschedule);
        prod(thread);
    }
}

template <bool WITH_REALTIME> void Scheduler::charge(Cpu& cpu, Thread& thread, Nanoseconds now) {
    const Nanoseconds ran = now - thread.running_since_;
    thread.total_runtime_ns_ += ran;
    thread.burst_ns_ += ran;
    thread.running_since_ = now;
    if (WITH_REALTIME && thread.is_realtime())
        cpu.queue.unsafe_value().charge_realtime(thread, ran, now);  // its lock is held
    (&thread == cpu.idle ? cpu.idle_ns : cpu.busy_ns).add(ran);
}

/// A thread that blocks ends its burst. One that yields or is preempted continues the burst, and is classed
/// by the burst's length once that exceeds its average. So yielding just before 1 ms does not keep a thread
/// in Hot.
static Nanoseconds average_after(ThreadState new_state, Nanoseconds average, Nanoseconds burst) {
    if (new_state == ThreadState::Blocked || burst > average) return next_average(average, burst);
    return average;
}

/// Ends the running thread's run, and chooses the next one. With `WITH_REALTIME` false no realtime thread is runnable.
template <bool WITH_REALTIME>
[[gnu::always_inline]] inline Thread* Scheduler::choose_next(Cpu& cpu, RunQueue& queue, Thread& self,
                                                             ThreadState new_state, Place place,
                                                             Nanoseconds now) {
    charge<WITH_REALTIME>(cpu, self, now);
    // Another CPU's unpark may have come between the announcement in park and here: then we are in the queue
    // already, where the old class put us.
    const bool is_woken_already = self.run_link_.is_linked();
    if (is_woken_already) [[unlikely]]
        queue.remove(self);
    const Nanoseconds average = average_after(new_state, self.ema_runtime_ns_.get(), self.burst_ns_);
    self.ema_runtime_ns_.set(average);
    if (new_state == ThreadState::Blocked) self.burst_ns_ = 0;
    self.queue_type_.set(self.is_urgent_ ? QueueType::Hot : queue_for_average(average));
    const ThreadState state = is_woken_already ? ThreadState::Ready : new_state;
    self.state_.store(state, std::memory_order_relaxed);
    bool stays_ready = state == ThreadState::Ready && &self != cpu.idle;
    if (stays_ready && !self.may_run_on(arch::cpu_index())) [[unlikely]] {
        cpu.exile = &self;  // finish_switch moves it, once its registers are saved
        stays_ready = false;
    }
    Thread* next;
    if (stays_ready && self.is_urgent_) [[unlikely]] {
        // It comes first of those of its class, but only after another thread has had its turn.
        next = queue.pick(now);
        if (next != nullptr)
            queue.enqueue_first(self, now);
        else
            next = &self;
    } else {
        if (WITH_REALTIME && stays_ready && place == Place::Front)
            queue.enqueue_first(self, now);
        else if (stays_ready)
            queue.enqueue(self, now);
        next = queue.pick(now);
    }
    if (next == nullptr) next = cpu.idle;
    if constexpr (WITH_REALTIME) {
        RunQueue::count_realtime(self);
        cpu.slice_end = queue.slice_end(*next, now);
        if (stays_ready && next != &self && self.is_realtime()) cpu.exile = &self;  // finish_switch offers it
    } else {
        cpu.slice_end = queue.is_empty() ? ~0ULL : now + time_slice(next->queue_type());
    }
    next->state_.store(ThreadState::Running, std::memory_order_relaxed);
    next->running_since_ = now;
    cpu.running = next;
    return next;
}

/// choose_next while realtime threads are runnable, on this CPU or another one.
Thread* Scheduler::choose_next_with_realtime(Cpu& cpu, Thread& self, ThreadState new_state, Place place) {
    pull_realtime(new_state == ThreadState::Ready ? self.urgency() : IDLE_URGENCY);
    auto queue = cpu.queue.lock_without_interrupts();
    return choose_next<true>(cpu, *queue, self, new_state, place, time::monotonic());
}

void Scheduler::switch_away(ThreadState new_state, Place place) {
    const sync::InterruptsOff no_interrupts;
    sync::assert_no_spin_locks();
    watchdog::end_stay(reinterpret_cast<u64>(__builtin_return_address(0)));
    Thread& self = current_thread();
    Cpu& cpu = cpus_.mine();
    const Nanoseconds now = time::monotonic();
    Thread* next;
    {
        auto queue = cpu.queue.lock_without_interrupts();
        if (RunQueue::runnable_realtime() != 0) [[unlikely]] {
            queue.unlock();
            next = choose_next_with_realtime(cpu, self, new_state, place);
        } else {
            next = choose_next<false>(cpu, *queue, self, new_state, place, now);
        }
    }
    cpu.is_busy.set(next != cpu.idle);
    if (cpu.slice_end != ~0ULL) time::request_interrupt_by({cpu.slice_end});
    if (next != cpu.idle) limit_sample(cpu, now);
    if (next == &self) return;
    (new_state == ThreadState::Blocked ? self.use_.voluntary_switches : self.use_.involuntary_switches)
        .add(1);
    TIMELINE.note_run(*next, next == cpu.idle, new_state);
    switch_to(cpu, self, *next);
}

void Scheduler::reschedule_if_due() {
    Thread& self = current_thread();
    const sync::InterruptsOff no_interrupts;
    self.clear_work(Work::Reschedule);
    Cpu& cpu = cpus_.mine();
    const Nanoseconds now = time::monotonic();
    bool is_due = !self.may_run_on(arch::cpu_index());
    if (!is_due) [[likely]] {
        auto queue = cpu.queue.lock_without_interrupts();
        if (RunQueue::runnable_realtime() != 0) [[unlikely]] {
            queue.unlock();
            return reschedule_with_realtime(cpu, self);
        }
        if (queue->is_empty()) {
            if (self.watches_cpu_time()) [[unlikely]]
                limit_sample(cpu, now);
            return;
        }
        is_due = now >= cpu.slice_end || queue->has_better_list(self);
        if (!is_due && cpu.slice_end == ~0ULL) cpu.slice_end = now + time_slice(self.queue_type());
    }
    if (is_due)
        switch_away(ThreadState::Ready);
    else
        time::request_interrupt_by({cpu.slice_end});
}

void Scheduler::reschedule_with_realtime(Cpu& cpu, Thread& self) {
    pull_realtime(self.urgency());
    Place place = Place::Back;
    {
        auto queue = cpu.queue.lock_without_interrupts();
        if (queue->is_empty()) return;
        const Nanoseconds now = time::monotonic();
        if (self.is_realtime())
            charge<true>(cpu, self, now);  // before it is asked how much of its share is left
        const bool is_due = now >= cpu.slice_end || queue->has_better_than(self, now);
        if (!is_due) {
            cpu.slice_end = queue->slice_end(self, now);
            queue.unlock();  // the timers' lock comes first in the order of locks
            if (cpu.slice_end != ~0ULL) time::request_interrupt_by({cpu.slice_end});
            return;
        }
        if (self.is_realtime() && (!self.takes_turns() || self.turn_ran_ns_ < ROUND_ROBIN_SLICE))
            place = Place::Front;
    }
    switch_away(ThreadState::Ready, place);
}

void Scheduler::take_load_sample() {
    auto average = load_average_.lock();
    const Nanoseconds now = time::monotonic();
    if (average->is_due(now)) average->advance(now, runnable_count());
}

/// The next sample comes at most SAMPLE_PERIOD from now.
void Scheduler::limit_sample(Cpu& cpu, Nanoseconds now) {
    const auto until = static_cast<i64>(cpu.sample_at - now);
    if (until <= static_cast<i64>(SAMPLE_PERIOD)) [[likely]]
        return;
    cpu.sample_at = now + SAMPLE_PERIOD;
    cpu.sampled_at = now;
    time::request_interrupt_by({cpu.sample_at});
}

void Scheduler::take_sample(Cpu& cpu) {
    Thread& self = current_thread();
    if (&self == cpu.idle) {
        cpu.sample_at = Cpu::NEVER;
        return;
    }
    const Nanoseconds now = time::monotonic();
    if (now >= cpu.sample_at) {
        // It counts for the time since the last one, but not for another thread's.
        const Nanoseconds alone = now - self.running_since_;
        const u64 weight = std::max<u64>(std::min(now - cpu.sampled_at, alone) / SAMPLE_PERIOD, 1);
        (self.was_in_user_mode ? self.use_.user_samples : self.use_.kernel_samples).add(weight);
        (self.was_in_user_mode ? cpu.user_samples : cpu.kernel_samples).add(weight);
        if (self.watches_cpu_time() && self.personality_ && sample_hook_ != nullptr)
            sample_hook_(*self.personality_);
        offer_work(cpu);
        // An eighth of what it ran so far: the division of its time stays as exact as it was.
        const bool is_alone = cpu.queue.unsafe_value().looks_empty() && !self.watches_cpu_time();
        cpu.sampled_at = now;
        cpu.sample_at =
            now + (is_alone ? std::clamp(alone / 8, SAMPLE_PERIOD, LONGEST_SAMPLE_PERIOD) : SAMPLE_PERIOD);
    }
    time::request_interrupt_by({cpu.sample_at});
}

void Scheduler::tick() {
    Cpu& cpu = cpus_.mine();
    if (current_thread().was_in_user_mode) watchdog::begin_stay();
    take_load_sample();
    take_sample(cpu);
    if (cpu.slice_end == ~0ULL) return;
    if (time::monotonic() >= cpu.slice_end)
        current_thread().add_work(Work::Reschedule);
    else
        time::request_interrupt_by({cpu.slice_end});
}

void Scheduler::save_user_state(Thread& thread) {
    UserState* user = thread.user_.get();
    if (user == nullptr) return;
    if (user->fpu_is_live) {
        arch::fpu_save(user->fpu);
        user->fpu_is_live = false;
        thread.add_work(Work::RestoreFpu);
    }
    if (user->on_resume != Work::None) thread.add_work(user->on_resume);
    user->fs_base = arch::user_fs_base();
    user->gs_base = arch::user_gs_base();
    user->selectors = arch::user_selectors();
}

/// A thread without user state keeps the loaded address space, because the kernel's half is the same in all.
void Scheduler::load_user_state(const Thread& from, Thread& thread) {
    const UserState* user = thread.user_.get();
    if (user == nullptr) return;
    if (user->page_table != nullptr && memory::PageTable::loaded() != user->page_table)
        user->page_table->activate();
    // Hardly any program loads a selector or has a GS base, and the way to both is long.
    const UserState* left = from.user_.get();
    const bool changes_selectors = left == nullptr || left->selectors != user->selectors;
    if (changes_selectors) arch::set_user_selectors(user->selectors);
    arch::set_user_fs_base(user->fs_base);
    if (changes_selectors || left->gs_base != user->gs_base) arch::set_user_gs_base(user->gs_base);
}

void Scheduler::switch_to(Cpu& cpu, Thread& from, Thread& to) {
    // No CPU still uses it: while one does, the thread is in that CPU's own queue. seq_cst: pairs with prod.
    DEBUG_ASSERT(!to.is_on_cpu_.load(std::memory_order_relaxed));
    to.is_on_cpu_.store(true, std::memory_order_seq_cst);
    to.context_switches_.add(1);
    cpu.switches.add(1);
    cpu.previous = &from;

    save_user_state(from);
    load_user_state(from, to);
    arch::set_kernel_stack(to.stack_.top());
    arch::set_current_thread(static_cast<sync::ThreadHeader*>(&to));
    arch::switch_starting(from.fibre_, to.fibre_, to.stack_.bottom(), memory::KernelStack::SIZE);
    exo_switch_context(&from.context_, &to.context_);
    finish_switch();
}

/// The second half of a switch, on the new stack. Afterwards the previous thread may run on another CPU, or
/// be freed.
void finish_switch() {
    arch::switch_finished();
    watchdog::begin_stay();
    Scheduler::Cpu& cpu = SCHEDULER.cpus_.mine();
    Thread* previous = std::exchange(cpu.previous, nullptr);
    const bool is_dead = previous->state() == ThreadState::Terminated;
    Thread* exile = std::exchange(cpu.exile, nullptr);
    if (exile != nullptr) [[unlikely]]
        SCHEDULER.settle(*exile, *previous);
    else
        previous->leave_cpu();
    if (is_dead) previous->release();
}

void Scheduler::restore_fpu(Thread& thread) {
    thread.clear_work(Work::RestoreFpu);
    arch::fpu_restore(thread.user_->fpu);
    thread.user_->fpu_is_live = true;
}

void Scheduler::load_fpu() {
    const sync::InterruptsOff no_interrupts;
    Thread& self = current_thread();
    if (self.user_ != nullptr && !self.user_->fpu_is_live) restore_fpu(self);
}

void Scheduler::prepare_return_to_user(arch::UserRegisters& registers) {
    Thread& self = current_thread();
    while (self.has_work(ALL_WORK)) {
        // After a switch there is most often nothing but the FPU.
        if (self.has_work(ALL_WORK & ~Work::RestoreFpu)) {
            arch::enable_interrupts();
            if (self.has_work(Work::Reschedule)) reschedule_if_due();
            if (self.has_work(RETURN_HOOK_WORK)) return_hook_(registers);
            arch::disable_interrupts();
        }
        // Last, because each of the others may switch away and with that save the FPU again.
        if (self.has_work(Work::RestoreFpu)) restore_fpu(self);
    }
}

/// Moves the thread to the list of its effective urgency. LINUX: one that becomes less urgent goes before its new equals, one that
/// becomes more urgent behind them (sched(7)).
void Scheduler::follow_urgency(RunQueue& queue, Thread& thread) {
    const Urgency urgency = std::min(thread.own_urgency_.get(), thread.inherited_urgency_.get());
    const Urgency old = thread.urgency();
    if (urgency == old) return;
    const bool is_queued = thread.run_link_.is_linked();
    if (is_queued) queue.remove(thread);  // from the list that the old priority names
    thread.urgency_.set(urgency);
    thread.priority_.set(priority_for(urgency));
    RunQueue::count_realtime(thread);
    if (is_queued && urgency > old && thread.is_realtime())
        queue.enqueue_first(thread, thread.ready_since_);
    else if (is_queued)
        queue.enqueue(thread, thread.ready_since_);
    // Its CPU compares once more.
    if (thread.state() == ThreadState::Blocked || (!thread.is_realtime() && !is_realtime(old))) return;
    Cpu& cpu = cpus_.of(thread.cpu());
    if (&cpu == &cpus_.mine())
        current_thread().add_work(Work::Reschedule);
    else
        arch::wake_cpu(thread.cpu());
}

void Scheduler::set_urgency(Thread& thread, Urgency own, RealtimePolicy policy) {
    auto queue = lock_queue_of(thread);
    thread.own_urgency_.set(own);
    thread.policy_.set(policy);
    follow_urgency(*queue, thread);
}

void Scheduler::inherit_urgency(Thread& thread, Urgency inherited) {
    if (thread.inherited_urgency_.get() == inherited) return;
    auto queue = lock_queue_of(thread);
    thread.inherited_urgency_.set(inherited);
    follow_urgency(*queue, thread);
}

UrgentSection::UrgentSection() : was_urgent_(current_thread().is_urgent_) {
    Thread& self = current_thread();
    auto queue = SCHEDULER.cpus_.of(self.cpu()).queue.lock();
    self.is_urgent_ = true;
    self.queue_type_.set(QueueType::Hot);
}

UrgentSection::~UrgentSection() { current_thread().is_urgent_ = was_urgent_; }

SchedulerStats Scheduler::stats() {
    SchedulerStats stats{};
    stats.threads = live_threads_.load(std::memory_order_relaxed);
    for (u32 index = 0; index < arch::MAX_CPUS; ++index) {
        stats.total_switches += cpus_.of(index).switches.get();
        auto queue = cpus_.of(index).queue.lock();
        stats.hot_queue_len += queue->length(QueueType::Hot);
        stats.normal_queue_len += queue->length(QueueType::Normal);
        stats.cold_queue_len += queue->length(QueueType::Cold);
    }
    return stats;
}

Nanoseconds Scheduler::busy_time() {
    Nanoseconds sum = 0;
    for (u32 index = 0; index < arch::MAX_CPUS; ++index) sum += cpus_.of(index).busy_ns.get();
    return sum;
}

Nanoseconds Scheduler::idle_time() {
    Nanoseconds sum = 0;
    for (u32 index = 0; index < arch::MAX_CPUS; ++index) sum += cpus_.of(index).idle_ns.get();
    return sum;
}

CpuTimes Scheduler::cpu_times(u32 index) {
    const Cpu& cpu = cpus_.of(index);
    return {cpu.busy_ns.get(), cpu.idle_ns.get(), cpu.user_samples.get(), cpu.kernel_samples.get()};
}

Nanoseconds Scheduler::run_time(const Thread& thread, Slice slice) {
    auto queue = lock_queue_of(thread);
    const Nanoseconds now = time::monotonic();
    const bool counts_slice = slice == Slice::Included && thread.state() == ThreadState::Running;
    if (!counts_slice || now <= thread.running_since_) return thread.total_runtime_ns_;
    return thread.total_runtime_ns_ + (now - thread.running_since_);
}

Nanoseconds Scheduler::burst_time(const Thread& thread) {
    auto queue = lock_queue_of(thread);
    const Nanoseconds now = time::monotonic();
    if (thread.state() != ThreadState::Running || now <= thread.running_since_) return thread.burst_ns_;
    return thread.burst_ns_ + (now - thread.running_since_);
}

u32 Scheduler::runnable_count() {
    const SchedulerStats now = stats();
    u32 running = 0;
    for (u32 index = 0; index < arch::MAX_CPUS; ++index) running += cpus_.of(index).is_busy.get() ? 1 : 0;
    return static_cast<u32>(now.hot_queue_len + now.normal_queue_len + now.cold_queue_len) + running;
}

}  // namespace exo::scheduler

void exo::upcalls::reschedule() { scheduler::current_thread().add_work(scheduler::Work::Reschedule); }

void exo::upcalls::return_to_user(arch::UserRegisters& registers) {
    scheduler::SCHEDULER.prepare_return_to_user(registers);
}
