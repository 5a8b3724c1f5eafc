#include "drivers/clock/counters.hpp"

#include <optional>

#include "drivers/clock/hpet.hpp"
#include "drivers/clock/kvm_clock.hpp"
#include "drivers/clock/pit.hpp"
#include "drivers/clock/pm_timer.hpp"
#include "drivers/platform.hpp"
#include "log/log.hpp"
#include "utils/box.hpp"

namespace exo::drivers {

namespace {

struct Counters {
    std::optional<Pit> pit;
    std::optional<PmTimer> pm_timer;
    std::optional<HpetCounter> hpet;
    KvmClock* kvm_clock = nullptr;
};
constinit Counters counters;  // written at boot only

Result<HpetCounter> start_hpet(u64 address) {
    return HpetCounter::start(
        TRY(memory::MmioRegion::map(memory::PhysicalAddress(address), HpetCounter::REGISTERS_SIZE)));
}

/// Started only on request, because this driver has not been tested on KVM yet.
time::Counter* kvm_clock() {
    if (counters.kvm_clock == nullptr) {
        if (Result<KvmClock> clock = KvmClock::start()) {
            if (auto kept = make_box<KvmClock>(std::move(*clock))) counters.kvm_clock = kept->release();
        }
    }
    return counters.kvm_clock;
}

}  // namespace

void start_counters(Ports& ports) {
    const PlatformTimers timers = platform_timers();
    if (timers.pm_timer_port != 0)
        counters.pm_timer.emplace(ports, timers.pm_timer_port, timers.pm_timer_bits);
    if (timers.hpet_address != 0) {
        if (Result<HpetCounter> hpet = start_hpet(timers.hpet_address))
            counters.hpet.emplace(*hpet);
        else
            log::warning("the HPET cannot be used (error {})", hpet.error());
    }
    counters.pit.emplace(ports);
}

time::Counter& reference_counter() {
    if (counters.pm_timer) return *counters.pm_timer;
    if (counters.hpet) return *counters.hpet;
    counters.pit->start();
    return *counters.pit;
}

time::Counter* fallback_counter() {
    if (counters.hpet) return &*counters.hpet;
    if (counters.pm_timer) return &*counters.pm_timer;
    return nullptr;
}

time::Counter* find_counter(std::string_view name) {
    if (name == "kvm-clock") return kvm_clock();
    if (name == "hpet" && counters.hpet) return &*counters.hpet;
    if (name == "acpi_pm" && counters.pm_timer) return &*counters.pm_timer;
    return nullptr;
}

}  // namespace exo::drivers
