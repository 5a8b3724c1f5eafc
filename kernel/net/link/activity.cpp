#include "net/link/activity.hpp"

#include "net/link/interface.hpp"
#include "scheduler/preemption.hpp"
#include "scheduler/thread.hpp"

namespace exo::net {

// SAFETY (both): only this file stores the pointer, and an Activity leaves it before it ends.
static Activity* activity_of(const scheduler::Thread& thread) {
    return static_cast<Activity*>(thread.network_activity);
}

Activity::Activity() : outer_(activity_of(scheduler::current_thread())) {
    if (outer_ == nullptr) scheduler::current_thread().network_activity = this;
}

Activity::~Activity() {
    if (outer_ != nullptr) return;
    if (!packets_.is_empty()) drain();
    scheduler::current_thread().network_activity = nullptr;
}

void Activity::drain() {
    while (PacketPtr packet = packets_.pop_front()) {
        deliver(std::move(packet));
        scheduler::preempt_point();
    }
}

void Activity::put_off(PacketPtr packet) {
    Activity* const activity = activity_of(scheduler::current_thread());
    DEBUG_ASSERT(activity != nullptr);
    if (activity == nullptr || activity->packets_.count() >= MOST_PACKETS) {
        packet->interface->received.dropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    activity->packets_.push_back(std::move(packet));
}

}  // namespace exo::net
