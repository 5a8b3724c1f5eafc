// Which counters of known rate the machine has: to calibrate by, and to fall back to as the clock.
#pragma once

#include "drivers/ports.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Starts those that the firmware's tables name. Once, when devices can be mapped; `ports` stays in use.
void start_counters(Ports& ports);
/// The one to calibrate by: ACPI's timer, the HPET, or the 8254, which every machine is taken to have.
time::Counter& reference_counter();
/// The best one that can be a clock: HPET, ACPI's timer. Null: none.
time::Counter* fallback_counter();
/// By Linux's name: kvm-clock, hpet, acpi_pm. Null: there is none.
time::Counter* find_counter(std::string_view name);

}  // namespace exo::drivers
