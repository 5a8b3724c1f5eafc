#include "posix_x/signal/signals.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/signal/queued_signals.hpp"
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
    auto* entry = new (std::nothrow) Entry{info, user, {}};
    if (entry == nullptr) QUEUED_SIGNALS.release(user);
    return entry;
}

void PendingSignals::drop(Entry& entry) {
    QUEUED_SIGNALS.release(entry.user);
    entries_.remove(entry);
    delete &entry;
}

Result<> PendingSignals::add(const SignalInfo& info, UserId user, u64 most) {
    const bool is_realtime = info.signal >= Signal::FirstRealtime;
    if (!is_realtime && set_.has(info.signal)) return {};
    if (info.signal != Signal::Kill) {  // which nobody is told anything of
        if (Entry* entry = make_entry(info, user, most))
            entries_.push_back(*entry);
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
    Entry* found = nullptr;
    bool is_last = true;
    for (Entry& entry : entries_) {
        if (entry.info.signal != signal) continue;
        if (found != nullptr) {
            is_last = false;
            break;
        }
        found = &entry;
    }
    if (found != nullptr) {
        out = found->info;
        drop(*found);
    }
    if (is_last) set_.remove(signal);
    return true;
}

void PendingSignals::take_all(PendingSignals& other) {
    set_ = set_ | other.set_;
    other.set_ = {};
    while (Entry* entry = other.entries_.pop_front()) entries_.push_back(*entry);
}

void PendingSignals::discard(SignalSet signals) {
    set_ = set_ & ~signals;
    for (Entry& entry : entries_) {
        if (!signals.has(entry.info.signal)) continue;
        drop(entry);
    }
}

}  // namespace exo::posix_x
