#include "posix_x/signal/signals.hpp"

#include <utility>

#include "posix_x/process/process_tree.hpp"
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

void PendingSignals::enter(Entry& entry) {
    entries_.push_back(entry);
    if (entry.info.signal != Signal::Kill) ++queued_;
}

void PendingSignals::drop(Entry& entry) {
    if (entry.info.signal != Signal::Kill) --queued_;
    entries_.remove(entry);
    delete &entry;
}

Result<> PendingSignals::add(const SignalInfo& info) {
    const bool is_realtime = info.signal >= Signal::FirstRealtime;
    if (!is_realtime && set_.has(info.signal)) return {};
    auto* entry = new (std::nothrow) Entry{info, {}};
    if (entry != nullptr)
        enter(*entry);
    else if (is_realtime)
        return Error::Eagain;
    set_.add(info.signal);
    return {};
}

bool PendingSignals::take(SignalSet wanted, SignalInfo& out) {
    SignalSet candidates = set_ & wanted;
    if (candidates.is_empty()) return false;
    if (!(candidates & SYNCHRONOUS_SIGNALS).is_empty()) candidates = candidates & SYNCHRONOUS_SIGNALS;
    const Signal signal = candidates.first();
    out = {.signal = signal,
           .code = signal_code::USER};  // what is known of a signal whose entry found no memory
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
    queued_ += std::exchange(other.queued_, 0);
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
