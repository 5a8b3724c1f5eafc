#include "scheduler/inheritance.hpp"

#include <algorithm>

#include "scheduler/preemption.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::scheduler {

constinit sync::SpinLocked<InheritanceGraph, sync::LockRank::Inheritance> INHERITANCE;

namespace {

/// How many threads of a chain are updated before the lock is released for a moment.
constexpr u32 STEPS_AT_ONCE = 16;

constexpr Urgency urgency_in_line(Urgency urgency) {
    return is_realtime(urgency) ? urgency : DEFAULT_URGENCY;
}

}  // namespace

Result<> InheritanceGraph::check_chain(const InheritanceLock& lock, const Thread& thread) const {
    const Thread* owner = lock.owner_;
    for (u32 depth = 0; owner != nullptr; ++depth) {
        if (owner == &thread || depth == LONGEST_CHAIN) return Error::Edeadlk;
        const InheritanceWaiter* wait = owner->inheritance.wait;
        owner = wait != nullptr ? wait->lock_->owner_ : nullptr;
    }
    return {};
}

/// Inserts the lock into its owner's list of held locks, by the turn of its first waiter.
void InheritanceGraph::stand_in_line(InheritanceLock& lock) {
    if (lock.owner_ == nullptr || lock.waiters_.is_empty()) return;
    lock.turn_ = lock.waiters_.first()->turn_;
    lock.owner_->inheritance.held.insert(lock);
}

void InheritanceGraph::stand_aside(InheritanceLock& lock) {
    if (lock.link_.is_linked()) lock.owner_->inheritance.held.remove(lock);
}

Thread* InheritanceGraph::enter(InheritanceLock& lock, InheritanceWaiter& waiter) {
    Thread& thread = *waiter.thread_;
    waiter.turn_ = {urgency_in_line(thread.inheritance.effective.load(std::memory_order_relaxed)),
                    ++next_number_};
    waiter.lock_ = &lock;
    thread.inheritance.wait = &waiter;
    stand_aside(lock);
    lock.waiters_.insert(waiter);
    stand_in_line(lock);
    return lock.owner_ != nullptr ? refresh(*lock.owner_) : nullptr;
}

Thread* InheritanceGraph::leave(InheritanceWaiter& waiter) {
    const InheritanceLock& lock = *waiter.lock_;
    remove(waiter);
    return lock.owner_ != nullptr ? refresh(*lock.owner_) : nullptr;
}

void InheritanceGraph::remove(InheritanceWaiter& waiter) {
    InheritanceLock& lock = *waiter.lock_;
    stand_aside(lock);
    lock.waiters_.remove(waiter);
    waiter.thread_->inheritance.wait = nullptr;
    stand_in_line(lock);
}

InheritanceWaiter* InheritanceGraph::hand_over(InheritanceLock& lock) {
    InheritanceWaiter* next = lock.waiters_.first();
    if (next == nullptr) return nullptr;
    Thread* old = lock.owner_;
    remove(*next);
    stand_aside(lock);
    lock.owner_ = next->thread_;
    stand_in_line(lock);
    next->is_owner_ = true;
    if (old != nullptr) (void)refresh(*old);
    (void)refresh(*next->thread_);
    return next;
}

InheritanceLock* InheritanceGraph::any_held(Thread& thread) { return thread.inheritance.held.first(); }

void InheritanceGraph::set_own(Thread& thread, Urgency urgency) { thread.inheritance.own = urgency; }

Thread* InheritanceGraph::refresh(Thread& thread) {
    InheritanceNode& node = thread.inheritance;
    Urgency inherited = IDLE_URGENCY;
    if (const InheritanceLock* lock = node.held.first()) {
        const Thread& waiting = *lock->waiters_.first()->thread_;
        inherited = waiting.inheritance.effective.load(std::memory_order_relaxed);
    }
    SCHEDULER.inherit_urgency(thread, inherited);
    const Urgency effective = std::min(node.own, inherited);
    const bool is_changed = node.effective.exchange(effective, std::memory_order_relaxed) != effective;
    if (!is_changed || node.wait == nullptr) return nullptr;
    InheritanceWaiter& wait = *node.wait;
    InheritanceLock& lock = *wait.lock_;
    const Urgency in_line = urgency_in_line(effective);
    if (in_line != wait.turn_.urgency) {
        stand_aside(lock);
        lock.waiters_.remove(wait);
        wait.turn_ = {in_line, ++next_number_};  // LINUX: behind those that are as urgent already
        lock.waiters_.insert(wait);
        stand_in_line(lock);
    }
    return lock.owner_;
}

void spread_urgency(Ref<Thread> first) {
    Ref<Thread> thread = std::move(first);
    for (u32 depth = 0; thread && depth < InheritanceGraph::LONGEST_CHAIN; depth += STEPS_AT_ONCE) {
        auto graph = INHERITANCE.lock();
        Thread* next = thread.get();
        for (u32 step = 0; step < STEPS_AT_ONCE && next != nullptr; ++step) next = graph->refresh(*next);
        Ref<Thread> following(next);  // the owner of a lock: it lives as long as the lock is held
        graph.unlock();
        thread = std::move(following);
        if (thread) preempt_point();
    }
}

void set_own_urgency(Thread& thread, Urgency urgency) { INHERITANCE.lock()->set_own(thread, urgency); }

}  // namespace exo::scheduler
