#include "posix_x/process/process.hpp"

#include <algorithm>
#include <utility>

#include "posix_x/process/usage.hpp"

namespace exo::posix_x {

Process::Process(Pid pid) : Object(ObjectKind::Process), pid_(pid) {}
Process::~Process() = default;

void ResourceUsage::add(const ResourceUsage& other) {
    user_time += other.user_time;
    system_time += other.system_time;
    minor_faults += other.minor_faults;
    major_faults += other.major_faults;
    voluntary_switches += other.voluntary_switches;
    involuntary_switches += other.involuntary_switches;
    max_resident_pages = std::max(max_resident_pages, other.max_resident_pages);
}

void ProcessSignals::add_task(Task& task) {
    if (!leader) leader = Ref<Task>(&task);
    task.place = next_place++;
    tasks.push_back(task);
    ++live_tasks;
}

void ProcessSignals::remove_task(Task& task) {
    if (next_to_tell == &task) next_to_tell = tasks.after(task);
    tasks.remove(task);
    const ResourceUsage usage = to_usage(task.thread->cpu_use());
    ended_usage.add(usage);
    for (UsageWalk& walk : usage_walks)
        if (walk.place < task.place) walk.usage.add(usage);
}

Task* ProcessSignals::next_after(const Task& task) {
    if (task.process_link.is_linked()) return tasks.after(task);
    for (Task& other : tasks)
        if (other.place > task.place) return &other;
    return nullptr;
}

void ProcessSignals::begin_exit(WaitStatus status, Task* first) {
    if (!std::exchange(is_exiting, true)) exit_status = status;
    if (first != nullptr) first->signals(*this).is_ending = true;
    next_to_tell = tasks.front();
}

namespace {

/// How many tasks are visited before the signal lock is released for a moment.
constexpr usize MOST_TASKS_AT_ONCE = 64;

}  // namespace

bool ProcessSignals::tell_some() {
    for (usize told = 0; told < MOST_TASKS_AT_ONCE && next_to_tell != nullptr; ++told) {
        Task& task = *next_to_tell;
        next_to_tell = tasks.after(task);
        if (task.signals(*this).is_ending) continue;
        const bool ends = must_end(task);
        if (ends || is_stopping)
            scheduler::interrupt(*task.thread, ends ? scheduler::Work::Kill | scheduler::Work::Signal
                                                    : scheduler::Work::Signal);
    }
    return next_to_tell != nullptr;
}

void tell_tasks(Process& process) {
    while (process.signals.lock()->tell_some()) scheduler::preempt_point();
}

void for_each_task(Process& process, FunctionRef<void(ProcessSignals&, Task&)> visit) {
    Ref<Task> last;
    while (true) {
        const Ref<Task> before = std::move(last);  // dropped without the lock
        {
            auto state = process.signals.lock();
            Task* task = before ? state->next_after(*before) : state->tasks.front();
            for (usize visited = 0; task != nullptr && visited < MOST_TASKS_AT_ONCE; ++visited) {
                visit(*state, *task);
                if (visited == MOST_TASKS_AT_ONCE - 1) last = Ref<Task>(task);
                task = state->tasks.after(*task);
            }
            if (task == nullptr) return;
        }
        scheduler::preempt_point();
    }
}

void ResourceLimits::set_initial(u64 max_processes) {
    auto writer = writer_.lock();
    writer->set(Resource::Stack, {8 * MIB, NO_LIMIT});
    writer->set(Resource::Core, {0, NO_LIMIT});
    writer->set(Resource::Processes, {max_processes, max_processes});
    writer->set(Resource::OpenFiles, {1024, 4096});
    writer->set(Resource::LockedMemory, {8 * MIB, 8 * MIB});
    writer->set(Resource::PendingSignals, {max_processes, max_processes});
    writer->set(Resource::MessageQueue, {800 * KIB, 800 * KIB});
    writer->set(Resource::Nice, {0, 0});
    writer->set(Resource::RealtimePriority, {0, 0});
}

void ResourceLimits::raise_soft(Resource resource, u64 from, u64 to) {
    auto writer = writer_.lock();
    const Limit now = of(resource);
    if (now.soft == from) writer->set(resource, {to, now.hard});
}

void ResourceLimits::lower(Resource resource, u64 most) {
    auto writer = writer_.lock();
    const Limit now = of(resource);
    writer->set(resource, {std::min(now.soft, most), now.hard});
}

void ResourceLimits::copy_from(ResourceLimits& other) {
    auto from = other.writer_.lock();
    auto writer = writer_.lock_nested();  // of a child that no other thread knows yet
    for (u32 i = 0; i < static_cast<u32>(Resource::COUNT); ++i)
        writer->set(static_cast<Resource>(i), other.of(static_cast<Resource>(i)));
}

Result<> ResourceLimits::change(Resource resource, Limit wanted, bool may_raise) {
    auto writer = writer_.lock();
    if (wanted.hard > of(resource).hard && !may_raise) return Error::Eperm;
    writer->set(resource, wanted);
    return {};
}

void VforkCompletion::complete() {
    is_complete_.store(true, std::memory_order_seq_cst);
    waiters_.wake_all();
}

Result<> VforkCompletion::wait() {
    return waiters_.wait(scheduler::WaitMode::Killable,
                         [this] { return is_complete_.load(std::memory_order_seq_cst); });
}

Task::Task(Ref<Process> owner, Pid thread_id)
    : Object(ObjectKind::Thread),
      process(std::move(owner)),
      tid_(thread_id) {}
Task::~Task() = default;

void Task::set_identity(Ref<Identity> next) {
    const fs::Credentials credentials = next->file_credentials();
    real_user_.store(next->uid, std::memory_order_relaxed);
    // The old one is dropped by `next`'s destructor, after the lock.
    {
        auto own = resources.lock();
        std::swap(own->identity, next);
    }
    credentials_ = credentials;
}

}  // namespace exo::posix_x
