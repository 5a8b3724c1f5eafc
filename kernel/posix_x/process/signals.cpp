#include "posix_x/process/signals.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/signal_quota.hpp"
#include "utils/box.hpp"

namespace exo::posix_x {

Result<Ref<SignalActions>> SignalActions::clone() const {
    Ref<SignalActions> copy = TRY(make_ref<SignalActions>());
    for (usize index = 0; index < SIGNAL_COUNT; ++index) copy->actions_[index] = actions_[index];
    return copy;
}

void SignalActions::reset_handlers() {
    for (SignalAction& action : actions_) {
        const u64 kept =
            action.handler == SignalAction::IGNORE ? SignalAction::IGNORE : SignalAction::DEFAULT;
        action = {};
        action.handler = kept;
    }
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

/// Puts it behind what waits of its signal: `entry` may be the first of several.
void PendingSignals::append(Entry& entry) {
    Entry* first = set_.has(entry.info.signal) ? first_of(entry.info.signal) : nullptr;
    if (first == nullptr) {
        firsts_.push_back(entry);
        return;
    }
    first->last->next = &entry;
    first->last = entry.last;
}

/// The first of its signal goes, and the next takes its place.
void PendingSignals::drop_first(Entry& entry) {
    QUEUED_SIGNALS.release(entry.user);
    if (entry.next != nullptr) {
        entry.next->last = entry.last;
        firsts_.insert_before(entry, *entry.next);
    }
    firsts_.remove(entry);
    delete &entry;
}

Result<> PendingSignals::add(const SignalInfo& info, UserId user, u64 most) {
    const bool is_realtime = info.signal >= Signal::FirstRealtime;
    if (!is_realtime && set_.has(info.signal)) return {};
    if (info.signal != Signal::Kill) {  // which nobody is told anything of
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
    out = {.signal = signal, .code = signal_code::USER};  // what is known of a signal without an entry
    bool is_last = true;
    if (Entry* found = first_of(signal)) {
        is_last = found->next == nullptr;
        out = found->info;
        drop_first(*found);
    }
    if (is_last) set_.remove(signal);
    return true;
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

}  // namespace exo::posix_x
