#include "posix_x/signal/queued_signals.hpp"

#include <new>

namespace exo::posix_x {

constinit QueuedSignals QUEUED_SIGNALS;

bool QueuedSignals::charge(UserId user, u64 most) {
    auto counts = counts_.lock();
    Count* entry = user == 0 ? nullptr : counts->others.find(user);
    u64* count = user == 0 ? &counts->of_root : (entry != nullptr ? &entry->signals : nullptr);
    if ((count != nullptr ? *count : 0) >= most) return false;
    if (count == nullptr) {
        entry = new (std::nothrow) Count{.user = user, .signals = 0, .link = {}};
        if (entry == nullptr) return false;
        counts->others.insert(*entry);
        count = &entry->signals;
    }
    ++*count;
    return true;
}

void QueuedSignals::release(UserId user) {
    auto counts = counts_.lock();
    if (user == 0) {
        --counts->of_root;
        return;
    }
    Count* entry = counts->others.find(user);
    if (--entry->signals > 0) return;
    counts->others.remove(*entry);
    delete entry;
}

u64 QueuedSignals::of(UserId user) {
    auto counts = counts_.lock();
    if (user == 0) return counts->of_root;
    const Count* entry = counts->others.find(user);
    return entry != nullptr ? entry->signals : 0;
}

}  // namespace exo::posix_x
