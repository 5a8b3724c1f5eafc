#include "drivers/clock/kvm_clock.hpp"

#include <atomic>
#include <cstring>

#include "arch/interface.hpp"

namespace exo::drivers {

u64 kvm_clock_time(const KvmClockRecord& record, u64 cycles) {
    if (cycles < record.cycles) return record.nanoseconds;  // this CPU's counter is behind the hypervisor's
    const u64 passed = cycles - record.cycles;
    const int shift = record.shift;
    if (shift <= -64 || shift >= 64) return record.nanoseconds;
    const u64 shifted = shift < 0 ? passed >> -shift : passed << shift;
    return record.nanoseconds +
           static_cast<u64>(static_cast<unsigned __int128>(shifted) * record.multiplier >> 32);
}

Result<KvmClock> KvmClock::start() {
    memory::DmaBuffer memory = TRY(memory::DmaBuffer::create(sizeof(KvmClockRecord)));
    TRY(arch::start_kvm_clock(memory.address().value()));
    return KvmClock(std::move(memory));
}

u64 KvmClock::read() {
    // SAFETY: the buffer is large enough and aligned to a page; the hypervisor writes it, hence the version.
    auto* record = reinterpret_cast<volatile KvmClockRecord*>(memory_.data());
    while (true) {
        const u32 version = record->version;
        std::atomic_thread_fence(std::memory_order_acquire);
        const KvmClockRecord copy{
            version,       0, record->cycles, record->nanoseconds, record->multiplier, record->shift,
            record->flags, {}};
        const u64 cycles = arch::cycle_counter();
        std::atomic_thread_fence(std::memory_order_acquire);
        if ((version & 1) == 0 && version == record->version) return kvm_clock_time(copy, cycles);
        arch::relax();
    }
}

}  // namespace exo::drivers
