// drivers: the devices of a virtual machine.
//
// Key types: Driver (name, probe, init, operations) and the DriverRegistry; InterruptHandler (interrupts.hpp);
// Uart (serial/), Transport, Virtqueue, VirtioConsole and its Ports, VirtioRng (virtio/), RandomGenerator (random/),
// read_rtc (rtc.hpp).
// Neighbours: below it arch (ports, upcalls), memory (Mmio, DmaBuffer), scheduler (WaitQueue), log (Sink), vm (buffers
// of reads and writes). fs and posix_x make device files of what is here.
// Locking: a driver's state is behind IrqOff locks of rank Device that its interrupt handler shares; handlers only
// move finished buffers and wake. What a device writes is never trusted: indices and lengths are checked.
#pragma once

#include <span>
#include <string_view>

#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

enum class DriverState : u8 { Registered, Absent, Failed, Ready };

/// One device, or one kind of device that is there at most once.
class Driver {
  public:
    virtual std::string_view name() const = 0;
    /// True if the device is there. Changes as little of it as can be.
    virtual bool probe() = 0;
    /// Called once, after a successful probe, in a thread. Errors: what kept the device from working.
    virtual Result<> init() = 0;

    // Operations; what a device does not have it leaves as it is here.

    /// What is there at once, at most to.size() bytes. Errors: Eagain (nothing yet), Eopnotsupp.
    virtual Result<usize> read(std::span<u8> /*to*/) { return Error::Eopnotsupp; }
    /// What the device takes at once, at most from.size() bytes. Errors: Eagain (nothing now), Eopnotsupp.
    virtual Result<usize> write(std::span<const u8> /*from*/) { return Error::Eopnotsupp; }

    DriverState state() const { return state_; }

  protected:
    ~Driver() = default;

  private:
    friend class DriverRegistry;
    DriverState state_ = DriverState::Registered;
    ListNode link_;
};

/// Drivers are registered and started at boot, on one CPU, and never removed.
class DriverRegistry {
  public:
    constexpr DriverRegistry() = default;

    /// Errors: Eexist (the name is taken).
    Result<> add(Driver& driver);
    /// Probes and initialises one that was added, and logs a failure. Errors: Enodev (not there), those of init.
    Result<> start(Driver& driver);
    /// Starts all that were added and not yet started; a failure of one keeps none from starting.
    void start_all();
    /// Null if there is none of that name.
    Driver* find(std::string_view name);
    void for_each(FunctionRef<void(Driver&)> visit);

  private:
    List<Driver, &Driver::link_> drivers_;
};

extern constinit DriverRegistry DRIVERS;

}  // namespace exo::drivers
