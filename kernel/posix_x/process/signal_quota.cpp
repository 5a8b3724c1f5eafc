#include "posix_x/process/signal_quota.hpp"

#include <new>

namespace exo::posix_x {

constinit QueuedSignals QUEUED_SIGNALS;

bool QueuedSignals::charge_other(UserId user, u64 most) {
    auto counts = others_.lock();
    Count* count = counts->find(user);
    if ((count != nullptr ? count->signals : 0) >= most) return false;
    if (count == nullptr) {
        count = new (std::nothrow) Count{.user = user, .signals = 0, .link = {}};
        if (count == nullptr) return false;
        counts->insert(*count);
    }
    ++count->signals;
    return true;
}

void QueuedSignals::release_other(UserId user) {
    auto counts = others_.lock();
    Count* count = counts->find(user);
    if (--count->signals > 0) return;
    counts->remove(*count);
    delete count;
}

u64 QueuedSignals::of(UserId user) {
    if (user == 0) return of_root_.load(std::memory_order_relaxed);
    auto counts = others_.lock();
    const Count* count = counts->find(user);
    return count != nullptr ? count->signals : 0;
}

}  // namespace exo::posix_x
