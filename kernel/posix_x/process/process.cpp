#include "posix_x/process/process.hpp"

#include <algorithm>

#include "posix_x/process/task.hpp"

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

RealTimer::RealTimer()
    : Timer([](Timer& timer) {
          auto& self = static_cast<RealTimer&>(timer);
          self.has_expired.store(true);
          scheduler::interrupt(*self.thread, scheduler::Work::Personality);
      }) {}

void ResourceLimits::set_initial(u64 max_processes) {
    set(Resource::Stack, {8 * MIB, NO_LIMIT});
    set(Resource::Core, {0, NO_LIMIT});
    set(Resource::Processes, {max_processes, max_processes});
    set(Resource::OpenFiles, {1024, 4096});
    set(Resource::LockedMemory, {8 * MIB, 8 * MIB});
    set(Resource::PendingSignals, {max_processes, max_processes});
    set(Resource::MessageQueue, {800 * KIB, 800 * KIB});
    set(Resource::Nice, {0, 0});
    set(Resource::RealtimePriority, {0, 0});
}

void ResourceLimits::copy_from(const ResourceLimits& other) {
    for (u32 i = 0; i < static_cast<u32>(Resource::COUNT); ++i)
        set(static_cast<Resource>(i), other.of(static_cast<Resource>(i)));
}

void VforkCompletion::complete() {
    is_complete_.store(true, std::memory_order_seq_cst);
    waiters_.wake_all();
}

Result<> VforkCompletion::wait() {
    return waiters_.wait(scheduler::WaitMode::Killable,
                         [this] { return is_complete_.load(std::memory_order_seq_cst); });
}

Task::~Task() = default;

void Task::set_identity(Ref<Identity> next) {
    const fs::Credentials credentials = next->file_credentials();
    real_user_.store(next->uid, std::memory_order_relaxed);
    // The old one is dropped by `next`'s destructor, after the lock.
    {
        auto guard = task_lock.lock();
        std::swap(identity, next);
    }
    credentials_ = credentials;
}

}  // namespace exo::posix_x
