// Msix: interrupts by messages, which a function writes to the local APIC (PCI Local Bus 3.0, section 6.8.2).
#pragma once

#include "arch/interrupt_controller.hpp"
#include "drivers/pci/function.hpp"

namespace exo::drivers::pci {

class Msix {
  public:
    /// Maps the function's table of messages. Errors: Enodev (it has none), Eio (the table lies outside its memory), those
    /// of mapping.
    static Result<Msix> open(const Function& function, RegisterMapper map);

    /// How many messages the function can tell apart.
    u16 count() const { return count_; }
    /// Sets message `index`, which is below count(), and lets the function send it.
    void set(u16 index, const arch::InterruptMessage& message);
    /// Makes the function interrupt by messages.
    void enable();

  private:
    Msix(Function function, u16 offset, u16 count, Box<RegisterBlock> table)
        : function_(function),
          offset_(offset),
          count_(count),
          table_(std::move(table)) {}

    Function function_;
    u16 offset_;
    u16 count_;
    Box<RegisterBlock> table_;
};

}  // namespace exo::drivers::pci
