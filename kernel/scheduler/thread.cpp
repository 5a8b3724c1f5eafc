#include "scheduler/thread.hpp"

#include <algorithm>
#include <cstring>

#include "scheduler/run_queue.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/thread_registry.hpp"
#include "scheduler/timeline.hpp"

namespace exo::scheduler {

constinit ThreadRegistry THREADS;

void ThreadRegistry::add(Thread& thread) { threads_.lock()->insert(thread); }

void ThreadRegistry::remove(Thread& thread) { threads_.lock()->remove(thread); }

Ref<Thread> ThreadRegistry::find(ThreadId id) {
    auto threads = threads_.lock();
    Thread* thread = threads->find(id);
    return thread != nullptr && thread->try_retain() ? Ref<Thread>::adopt(thread) : nullptr;
}

namespace {
constexpr auto FPU_ALIGNMENT = std::align_val_t{64};
}

Result<Box<UserState>> UserState::create() {
    Box<UserState> state = TRY(create_for_copy());
    std::memset(state->fpu, 0, arch::fpu_area_size());
    arch::fpu_initialise(state->fpu);
    return state;
}

Result<Box<UserState>> UserState::create_for_copy() {
    Box<UserState> state = TRY(make_box<UserState>());
    state->fpu = ::operator new(arch::fpu_area_size(), FPU_ALIGNMENT, std::nothrow);
    if (state->fpu == nullptr) return Error::Enomem;
    return state;
}

UserState::~UserState() { ::operator delete(fpu, FPU_ALIGNMENT); }

// A new thread starts in the middle of Normal, so that one long burst does not make it Cold and one short
// burst does not make it Hot.
Thread::Thread(std::string_view name, ThreadPriority priority, memory::KernelStack stack)
    : id_(SCHEDULER.allocate_id()),
      priority_(priority),
      urgency_(urgency_for(priority)),
      own_urgency_(urgency_for(priority)),
      stack_(std::move(stack)),
      ema_runtime_ns_(2 * HOT_LIMIT) {
    set_name(name);
    THREADS.add(*this);
}

void Thread::begin_scheduling(Urgency urgency, RealtimePolicy policy) {
    own_urgency_.set(urgency);
    urgency_.set(urgency);
    priority_.set(priority_for(urgency));
    policy_.set(policy);
    inheritance.begin(urgency);
}

void Thread::watch_cpu_time() {
    if (watches_cpu_time_.exchange(true, std::memory_order_relaxed)) return;
    // If it runs alone, its next sample may be far away (reschedule_if_due).
    add_work(Work::Reschedule);
    SCHEDULER.prod(*this);
}

Thread::~Thread() { THREADS.remove(*this); }

Result<Ref<Thread>> Thread::create(std::string_view name, Entry entry, void* argument,
                                   ThreadPriority priority) {
    memory::KernelStack stack = TRY(memory::KernelStack::create());
    auto* thread = new (std::nothrow) Thread(name, priority, std::move(stack));
    if (thread == nullptr) return Error::Enomem;
    thread->entry_ = entry;
    thread->argument_ = argument;
    arch::prepare_context(thread->context_, &thread->user_registers(), &Thread::begin, thread);
    return Ref<Thread>::adopt(thread);
}

void Thread::begin(void* argument) {
    finish_switch();
    arch::enable_interrupts();
    auto& self = *static_cast<Thread*>(argument);
    self.entry_(self.argument_);
    SCHEDULER.exit_current();
}

void Thread::set_name(std::string_view name) {
    const usize length = std::min(name.size(), NAME_SIZE - 1);
    std::copy_n(name.data(), length, name_);
    std::fill(name_ + length, name_ + NAME_SIZE, '\0');
    unsupported_call = ~0ULL;  // another program's calls are logged anew
    TIMELINE.note_name(*this);
}

arch::UserRegisters& Thread::user_registers() const {
    // SAFETY: the top of a kernel stack is kept free for one UserRegisters (prepare_context starts below it).
    return *(static_cast<arch::UserRegisters*>(stack_.top()) - 1);
}

ThreadStats Thread::stats() const {
    return {SCHEDULER.run_time(*this, Slice::Excluded), context_switches_.get(), ema_runtime_ns_.get()};
}

CpuUse Thread::cpu_use() const {
    return {.run_time = SCHEDULER.run_time(*this, Slice::Included),
            .user_samples = use_.user_samples.get(),
            .kernel_samples = use_.kernel_samples.get(),
            .voluntary_switches = use_.voluntary_switches.get(),
            .involuntary_switches = use_.involuntary_switches.get(),
            .minor_faults = use_.minor_faults.get()};
}

}  // namespace exo::scheduler
