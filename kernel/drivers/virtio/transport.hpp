// Transport: the access to a virtio device, on any bus (virtio 1.2, chapter 4).
#pragma once

#include "drivers/interrupts.hpp"
#include "memory/address.hpp"
#include "utils/flags.hpp"
#include "utils/types.hpp"

namespace exo::drivers {

/// Virtio 1.2, section 5.
enum class VirtioType : u32 { None = 0, Network = 1, Block = 2, Console = 3, Random = 4 };

/// Virtio 1.2, section 2.1.
enum class VirtioStatus : u8 {
    Reset = 0,
    Acknowledge = 1,
    Driver = 2,
    DriverOk = 4,
    FeaturesOk = 8,
    NeedsReset = 64,
    Failed = 128,
};
EXO_FLAGS(VirtioStatus);

enum class VirtioInterrupt : u32 { None = 0, UsedBuffer = 1, ConfigurationChange = 2 };
EXO_FLAGS(VirtioInterrupt);

struct QueueAddresses {
    memory::PhysicalAddress descriptors;
    memory::PhysicalAddress available;
    memory::PhysicalAddress used;
};

class Transport {
  public:
    virtual ~Transport() = default;

    virtual VirtioType type() const = 0;
    virtual u64 offered_features() = 0;
    virtual void accept_features(u64 features) = 0;
    virtual VirtioStatus status() = 0;
    virtual void set_status(VirtioStatus status) = 0;
    /// The largest number of entries of queue `index`; 0: there is no such queue.
    virtual u16 queue_limit(u16 index) = 0;
    virtual void enable_queue(u16 index, u16 size, const QueueAddresses& addresses) = 0;
    virtual void notify(u16 index) = 0;
    /// Makes `handler` run when the device interrupts, for ever. Call it after the queues were enabled.
    /// Errors: those of connect_interrupt and connect_message; Eio (the device refuses messages).
    virtual Result<> connect_interrupt(InterruptHandler& handler) = 0;
    /// Reads and acknowledges the reasons of an interrupt.
    virtual VirtioInterrupt take_interrupt() = 0;
    /// Reads a byte of the configuration space.
    virtual u8 configuration(u32 offset) = 0;
    /// A number that changes when the configuration space does.
    virtual u32 configuration_generation() = 0;
};

}  // namespace exo::drivers
