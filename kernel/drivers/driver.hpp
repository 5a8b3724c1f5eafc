// drivers: the devices of a virtual machine.
//
// Key types: Driver (name, probe, init, operations) and the DriverRegistry; InterruptHandler (interrupts.hpp);
// Uart (serial/), Transport, Virtqueue, VirtioConsole and its Ports, VirtioNetwork, VirtioRng (virtio/), NetworkDevice
// (net/), pci::Function (pci/), RandomGenerator (random/), read_rtc (rtc.hpp).
// Neighbours: below it arch (ports, upcalls), memory (Mmio, DmaBuffer), scheduler (WaitQueue), log (Sink), vm
// (buffers of reads and writes). fs and posix_x make device files for the drivers.
// Locking: an IrqOff lock of rank Device guards a driver's state, which its interrupt handler shares.
// Handlers only move finished buffers and wake threads. Data from a device is never trusted: indices and
// lengths are checked.
#pragma once

#include <span>
#include <string_view>

#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

enum class DriverState : u8 { Registered, Absent, Failed, Ready };

/// The driver of one device, or of a kind of device of which there is at most one.
class Driver {
  public:
    virtual std::string_view name() const = 0;
    /// Whether the device is present. Changes its state as little as possible.
    virtual bool probe() = 0;
    /// Called once, after a successful probe, in a thread. Errors: the reason why the device does not work.
    virtual Result<> init() = 0;

    // The operations. A driver leaves the ones that its device lacks.

    /// Reads what is available at once, at most to.size() bytes. Errors: Eagain (nothing yet), Eopnotsupp.
    virtual Result<usize> read(std::span<u8> /*to*/) { return Error::Eopnotsupp; }
    /// Writes as much as the device takes at once, at most from.size() bytes. Errors: Eagain (nothing now),
    /// Eopnotsupp.
    virtual Result<usize> write(std::span<const u8> /*from*/) { return Error::Eopnotsupp; }

    DriverState state() const { return state_; }

  protected:
    ~Driver() = default;

  private:
    friend class DriverRegistry;
    DriverState state_ = DriverState::Registered;
    ListNode link_;
};

/// The list of drivers. They are registered and started at boot, on one CPU, and never removed.
class DriverRegistry {
  public:
    constexpr DriverRegistry() = default;

    /// Registers a driver. Errors: Eexist (the name is taken).
    Result<> add(Driver& driver);
    /// Probes and initialises a registered driver, and logs a failure. Errors: Enodev (not present), those of
    /// init.
    Result<> start(Driver& driver);
    /// Starts all registered drivers that were not started yet. A failure of one does not affect the others.
    void start_all();
    /// Finds a driver by name; null if there is none.
    Driver* find(std::string_view name);
    void for_each(FunctionRef<void(Driver&)> visit);

  private:
    List<Driver, &Driver::link_> drivers_;
};

extern constinit DriverRegistry DRIVERS;

}  // namespace exo::drivers
