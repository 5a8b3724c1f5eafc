// The devices in the virtio-mmio slots that the command line or a table names.
#pragma once

#include "boot/command_line.hpp"
#include "drivers/virtio/console.hpp"
#include "drivers/virtio/rng.hpp"

namespace exo::drivers {

/// Looks into a slot, and starts the driver of what is there; an empty slot, and a device that no driver knows, is no
/// error. `listener` hears of the console's ports. Errors: Eexist (a second device of a kind), those of mapping and of
/// the driver.
Result<> attach_virtio_mmio(const boot::VirtioMmioDevice& slot, PortListener& listener);

/// The console, or null.
VirtioConsole* virtio_console();

}  // namespace exo::drivers
