// The messages and queues of a virtio console (virtio 1.2, section 5.3).
#pragma once

#include "utils/types.hpp"

namespace exo::drivers {

inline constexpr u64 CONSOLE_FEATURE_MULTIPORT = 1ULL << 1;

/// The offset, in the configuration space, of the largest possible number of ports.
inline constexpr u32 CONSOLE_MAX_PORTS_OFFSET = 4;

enum class ConsoleEvent : u16 {
    DeviceReady = 0,
    PortAdd = 1,
    PortRemove = 2,
    PortReady = 3,
    ConsolePort = 4,
    Resize = 5,
    PortOpen = 6,
    PortName = 7,
};

struct ConsoleMessage {
    u32 port;
    ConsoleEvent event;
    u16 value;
};
static_assert(sizeof(ConsoleMessage) == 8);

inline constexpr u16 CONTROL_RECEIVE_QUEUE = 2;
inline constexpr u16 CONTROL_TRANSMIT_QUEUE = 3;
/// The receive queue of a port. Port 0 has queues 0 and 1, port 1 has 4 and 5, port 2 has 6 and 7, and so on.
constexpr u16 port_receive_queue(u32 port) { return static_cast<u16>(port == 0 ? 0 : 2 + 2 * port); }
constexpr u16 port_transmit_queue(u32 port) { return static_cast<u16>(port_receive_queue(port) + 1); }

}  // namespace exo::drivers
