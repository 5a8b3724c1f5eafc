// The virtio devices of the machine: in virtio-mmio slots, which the command line or a firmware table names, and on PCI.
#pragma once

#include "boot/command_line.hpp"
#include "drivers/pci/function.hpp"
#include "drivers/virtio/console.hpp"
#include "drivers/virtio/rng.hpp"

namespace exo::drivers {

/// Probes a slot and starts the driver of its device. An empty slot, or a device without a driver, is not an
/// error. `listener` is told of the console's ports. Errors: Eexist (a second device of a kind), those of
/// mapping and of the driver.
Result<> attach_virtio_mmio(const boot::VirtioMmioDevice& slot, PortListener& listener);

/// Starts the driver of a PCI function that is a virtio device. Another kind of device is not an error.
Result<> attach_virtio_pci(const pci::Function& function, PortListener& listener);

/// The console, or null.
VirtioConsole* virtio_console();

}  // namespace exo::drivers
