// Interrupt lines and their handlers.
#pragma once

#include <atomic>

#include "arch/interrupt_controller.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::drivers {

/// The number of interrupt lines. Lines are global interrupt numbers.
inline constexpr u32 INTERRUPT_LINES = 256;

/// The signal by which a line requests an interrupt.
enum class LineMode : u8 { EdgeHigh, LevelHigh, LevelLow };

/// Called with interrupts off on the CPU that the line is routed to. Lines may be shared, so the device may
/// have no reason for an interrupt. A handler does as little as possible and wakes a thread.
class InterruptHandler {
  public:
    virtual void on_interrupt() = 0;

  protected:
    InterruptHandler() = default;
    ~InterruptHandler() = default;
    InterruptHandler(const InterruptHandler&) = delete;
    InterruptHandler& operator=(const InterruptHandler&) = delete;

  private:
    friend void add_handler(u32 line, InterruptHandler& handler);
    friend void dispatch_interrupt(u32 line);
    InterruptHandler* next_ = nullptr;
};

/// Unmasks a line at its controller. Errors: Einval (no such line).
using LineEnabler = Result<> (*)(u32 line, LineMode mode);
/// Sets the function that unmasks lines. Called at boot, when the controllers are known; before that,
/// connected lines stay masked.
void set_line_enabler(LineEnabler enabler);

/// Makes `handler` run on each interrupt of `line`, for ever, and unmasks the line. A handler can be
/// connected once.
/// Errors: Einval, and those of the enabler.
Result<> connect_interrupt(u32 line, LineMode mode, InterruptHandler& handler);

/// Takes a line that devices reach by a message, and makes `handler` run on each, for ever. Returns what the device
/// writes. Errors: Enospc (all lines are taken).
Result<arch::InterruptMessage> connect_message(InterruptHandler& handler);

/// Calls the handlers of a line. upcalls::interrupt uses it.
void dispatch_interrupt(u32 line);
/// The number of interrupts, since boot, of lines without a handler.
u64 unexpected_interrupts();

}  // namespace exo::drivers
