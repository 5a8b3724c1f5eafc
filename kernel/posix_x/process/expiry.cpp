#include "posix_x/process/expiry.hpp"

#include "scheduler/parking.hpp"
#include "scheduler/preemption.hpp"
#include "scheduler/scheduler.hpp"
#include "sync/spin_lock.hpp"

namespace exo::posix_x {

struct ExpiryQueue {
    List<Expiry, &Expiry::link_> posted;
    scheduler::Thread* thread = nullptr;  ///< Who handles them, once it runs.

    /// Takes the oldest out, unless its owner is being destroyed.
    struct Taken {
        Ref<Object> owner;
        Expiry::Handler handler = nullptr;
        u64 argument = 0;
    };
    Taken take() {
        while (Expiry* expiry = posted.pop_front())
            if (expiry->owner_->try_retain())
                return {Ref<Object>::adopt(expiry->owner_), expiry->handler_, expiry->argument_};
        return {};
    }
    void add(Expiry& expiry) {
        if (!expiry.link_.is_linked()) posted.push_back(expiry);
    }
    void remove(Expiry& expiry) {
        if (expiry.link_.is_linked()) posted.remove(expiry);
    }
};

namespace {

using Queue = sync::SpinLocked<ExpiryQueue, sync::LockRank::Expiries, sync::IrqOff>;
constinit Queue queue;

void handle_expiries(void*) {
    queue.lock()->thread = &scheduler::current_thread();
    const scheduler::UrgentSection urgency;  // it is what programs wait for
    while (true) {
        while (true) {
            const ExpiryQueue::Taken taken = queue.lock()->take();
            if (!taken.owner) break;
            taken.handler(*taken.owner, taken.argument);
            scheduler::preempt_point();
        }
        (void)scheduler::park(scheduler::WaitMode::Uninterruptible);
    }
}

}  // namespace

void Expiry::post() {
    was_posted_.store(true, std::memory_order_relaxed);
    scheduler::Thread* thread;
    {
        auto locked = queue.lock();
        locked->add(*this);
        thread = locked->thread;
    }
    if (thread != nullptr) scheduler::unpark(*thread);
}

void Expiry::withdraw() { queue.lock()->remove(*this); }

void Alarm::expire(Timer& timer) {
    auto& self = static_cast<Alarm&>(timer);
    self.has_expired_.store(true, std::memory_order_release);
    self.expiry_.post();
}

Result<> start_expiries() {
    scheduler::SCHEDULER.start_thread(TRY(
        scheduler::Thread::create("timers", &handle_expiries, nullptr, scheduler::ThreadPriority::Realtime)));
    return {};
}

}  // namespace exo::posix_x
