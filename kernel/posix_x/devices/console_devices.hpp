// Terminals over the serial port and over virtio consoles, and device files for named virtio ports.
//
// Nodes: ttySN (4:64+N), hvcN (229:N), vport0pN (major 243, one minor a port) with links in virtio-ports/ by name.
#pragma once

#include "drivers/serial/uart.hpp"
#include "drivers/virtio/console.hpp"

namespace exo::posix_x {

/// Makes the terminal ttyS`index` on `uart`, and starts the UART's input. Errors: Enomem, and those of the
/// interrupt line.
Result<> add_serial_terminal(drivers::Uart& uart, u16 index);

/// The listener that makes terminals and device nodes for new virtio ports. Lives for ever.
drivers::PortListener& port_nodes();

/// Registers the device numbers of ports. Errors: Enomem.
Result<> init_port_devices();

}  // namespace exo::posix_x
