#include "posix_x/process/process.hpp"

#include <algorithm>

#include "posix_x/process/task.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

// Here, because only here the terminal's type is complete.
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

ResourceLimits ResourceLimits::initial(u64 max_processes) {
    ResourceLimits limits;
    limits.of(Resource::Stack).soft = 8 * MIB;
    limits.of(Resource::Core) = {0, NO_LIMIT};
    limits.of(Resource::Processes) = {max_processes, max_processes};
    limits.of(Resource::OpenFiles) = {1024, 4096};
    limits.of(Resource::LockedMemory) = {8 * MIB, 8 * MIB};
    limits.of(Resource::PendingSignals) = {max_processes, max_processes};
    limits.of(Resource::MessageQueue) = {800 * KIB, 800 * KIB};
    limits.of(Resource::Nice) = {0, 0};
    limits.of(Resource::RealtimePriority) = {0, 0};
    return limits;
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
    // The old one is dropped by `next`'s destructor, after the lock.
    {
        auto guard = task_lock.lock();
        std::swap(identity, next);
    }
    credentials_ = credentials;
}

}  // namespace exo::posix_x
