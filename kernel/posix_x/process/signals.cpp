#include "posix_x/process/signals.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/signal_quota.hpp"
#include "utils/box.hpp"

namespace exo::posix_x {

SignalAction SignalActions::assembled(const Rests& rests, Signal signal) const {
    const Rest& rest = rests[index(signal)];
    return {handler(signal), rest.flags, rest.restorer, rest.mask};
}

SignalAction SignalActions::of(Signal signal) {
    auto rests = rests_.lock();
    return assembled(*rests, signal);
}

SignalAction SignalActions::exchange(Signal signal, const SignalAction& action) {
    auto rests = rests_.lock();
    const SignalAction old = assembled(*rests, signal);
    handlers_[index(signal)].store(action.handler, std::memory_order_relaxed);
    (*rests)[index(signal)] = {action.flags, action.restorer, action.mask};
    return old;
}

SignalAction SignalActions::take(Signal signal) {
    auto rests = rests_.lock();
    const SignalAction action = assembled(*rests, signal);
    if (action.has_handler() && (action.flags & SignalAction::RESET_HANDLER) != 0)
        handlers_[index(signal)].store(SignalAction::DEFAULT, std::memory_order_relaxed);
    return action;
}

void SignalActions::set_default(Signal signal) {
    auto rests = rests_.lock();
    handlers_[index(signal)].store(SignalAction::DEFAULT, std::memory_order_relaxed);
}

SignalActions::SignalActions(const SignalActions& from, const Rests& locked_rests) : rests_(locked_rests) {
    for (usize i = 0; i < SIGNAL_COUNT; ++i)
        handlers_[i].store(from.handlers_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void SignalActions::reset_handlers() {
    auto rests = rests_.lock();
    *rests = {};
    for (std::atomic<u64>& handler : handlers_)
        if (handler.load(std::memory_order_relaxed) != SignalAction::IGNORE)
            handler.store(SignalAction::DEFAULT, std::memory_order_relaxed);
}

PendingSignals::Entry* PendingSignals::make_entry(const SignalInfo& info, UserId user, u64 most) {
    if (!QUEUED_SIGNALS.charge(user, most)) return nullptr;
    auto* entry = new (std::nothrow) Entry{.info = info, .user = user};
    if (entry == nullptr) {
        QUEUED_SIGNALS.release(user);
        return nullptr;
    }
    entry->last = entry;
    return entry;
}

PendingSignals::Entry* PendingSignals::first_of(Signal signal) {
    for (Entry& entry : firsts_)
        if (entry.info.signal == signal) return &entry;
    return nullptr;
}

/// Appends an entry to those of the same signal, of which it may be the first.
void PendingSignals::append(Entry& entry) {
    Entry* first = set_.has(entry.info.signal) ? first_of(entry.info.signal) : nullptr;
    if (first == nullptr) {
        firsts_.push_back(entry);
        return;
    }
    first->last->next = &entry;
    first->last = entry.last;
}

void PendingSignals::end(Entry& entry) {
    if (entry.owner == nullptr) {
        QUEUED_SIGNALS.release(entry.user);
        delete &entry;
        return;
    }
    entry.is_waiting = false;
    entry.owner->release();  // which may end the entry
}

/// Removes the first entry of a signal. The next entry takes its place.
void PendingSignals::drop_first(Entry& entry) {
    if (entry.next != nullptr) {
        entry.next->last = entry.last;
        firsts_.insert_before(entry, *entry.next);
    }
    firsts_.remove(entry);
    end(entry);
}

void PendingSignals::add_prepared(Entry& entry) {
    entry.owner->retain();
    entry.is_waiting = true;
    entry.next = nullptr;
    entry.last = &entry;
    append(entry);
    set_.add(entry.info.signal);
}

void PendingSignals::discard_timers() {
    List<Entry, &Entry::link> old;
    old.splice_back(firsts_);
    while (Entry* entry = old.pop_front()) {
        const Signal signal = entry->info.signal;
        bool has_dropped = false;
        bool has_kept = false;
        while (entry != nullptr) {
            Entry* const next = std::exchange(entry->next, nullptr);
            entry->last = entry;
            const bool is_timer = entry->info.code == signal_code::TIMER;
            (is_timer ? has_dropped : has_kept) = true;
            if (is_timer)
                end(*entry);
            else
                append(*entry);
            entry = next;
        }
        if (has_dropped && !has_kept) set_.remove(signal);
    }
}

Result<> PendingSignals::add(const SignalInfo& info, UserId user, u64 most) {
    const bool is_realtime = info.signal >= Signal::FirstRealtime;
    if (!is_realtime && set_.has(info.signal)) return {};
    if (info.signal != Signal::Kill) {  // SIGKILL's details are never reported
        if (Entry* entry = make_entry(info, user, most))
            append(*entry);
        else if (is_realtime && info.code != signal_code::USER)
            return Error::Eagain;
    }
    set_.add(info.signal);
    return {};
}

bool PendingSignals::take(SignalSet wanted, SignalInfo& out) {
    SignalSet candidates = set_ & wanted;
    if (candidates.is_empty()) return false;
    if (!(candidates & SYNCHRONOUS_SIGNALS).is_empty()) candidates = candidates & SYNCHRONOUS_SIGNALS;
    const Signal signal = candidates.first();
    Entry* entry = first_of(signal);
    if (entry == nullptr || entry->next == nullptr) set_.remove(signal);
    if (entry == nullptr) {
        out = {.signal = signal, .code = signal_code::USER};  // what is known of a signal without an entry
        return true;
    }
    out = entry->info;
    drop_first(*entry);
    return true;
}

bool PendingSignals::look_at(Signal signal, SignalInfo& out) {
    if (!set_.has(signal)) return false;
    const Entry* found = first_of(signal);
    if (found != nullptr) out = found->info;
    return found != nullptr;
}

void PendingSignals::take_all(PendingSignals& other) {
    while (Entry* entry = other.firsts_.pop_front()) append(*entry);
    set_ = set_ | other.set_;
    other.set_ = {};
}

void PendingSignals::discard(SignalSet signals) {
    for (SignalSet dropped = set_ & signals; !dropped.is_empty();) {
        const Signal signal = dropped.first();
        dropped.remove(signal);
        while (Entry* entry = first_of(signal)) drop_first(*entry);
    }
    set_ = set_ & ~signals;
}

bool take_signal(ProcessSignals& state, Task& task, SignalSet wanted, TakenSignal& out) {
    if (task.signals(state).pending.take(wanted, out.info)) {
        out.was_shared = false;
        return true;
    }
    out.was_shared = state.pending.take(wanted, out.info);
    return out.was_shared;
}

void has_taken(Process& process, TakenSignal& taken) {
    if (taken.was_shared && taken.info.signal == Signal::Alrm) real_signal_was_taken(process);
    if (taken.info.code == signal_code::TIMER) timer_signal_was_taken(process, taken.info);
}

}  // namespace exo::posix_x
