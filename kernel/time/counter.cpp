#include "time/counter.hpp"

namespace exo::time {

Nanoseconds Counter::round() const {
    const auto length = static_cast<unsigned __int128>(mask()) * SECOND / (hertz() != 0 ? hertz() : 1);
    return length > ~0ULL ? ~0ULL : static_cast<Nanoseconds>(length);
}

void LongCounter::start(Counter& counter) {
    counter_ = &counter;
    last_.store(counter.read() & counter.mask(), std::memory_order_relaxed);
}

u64 LongCounter::read() {
    const u64 mask = counter_->mask();
    if (mask == ~0ULL) return counter_->read();
    // relaxed: the value is all there is to see, and a failed exchange brings the newer one
    u64 last = last_.load(std::memory_order_relaxed);
    while (true) {
        const u64 passed = (counter_->read() - last) & mask;
        if (passed > mask / 2) return last;  // another CPU looked later than this one
        if (last_.compare_exchange_weak(last, last + passed, std::memory_order_relaxed)) return last + passed;
    }
}

}  // namespace exo::time
