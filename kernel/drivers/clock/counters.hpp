// The machine's counters of known rate: for calibration, and as clocks if the cycle counter is unreliable.
#pragma once

#include "drivers/ports.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Starts the counters that the firmware's tables name. Called once, when devices can be mapped. `ports` must
/// live for ever.
void start_counters(Ports& ports);
/// The counter for calibration: ACPI's timer, the HPET, or the 8254, which every machine is assumed to have.
time::Counter& reference_counter();
/// The best counter that can be a clock: HPET or ACPI's timer. Null: there is none.
time::Counter* fallback_counter();
/// Finds a counter by its name in Linux: kvm-clock, hpet, acpi_pm. Null: there is none.
time::Counter* find_counter(std::string_view name);

}  // namespace exo::drivers
