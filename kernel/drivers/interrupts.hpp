// Interrupt lines: who is called when one fires.
#pragma once

#include <atomic>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::drivers {

/// Global interrupt numbers that can be connected.
inline constexpr u32 INTERRUPT_LINES = 256;

/// How a line says that it wants attention.
enum class LineMode : u8 { EdgeHigh, LevelHigh, LevelLow };

/// Called with interrupts off on the CPU that the line goes to. Lines may be shared: the device may have had nothing
/// to say. Does the least, and wakes a thread.
class InterruptHandler {
  public:
    virtual void on_interrupt() = 0;

  protected:
    InterruptHandler() = default;
    ~InterruptHandler() = default;
    InterruptHandler(const InterruptHandler&) = delete;
    InterruptHandler& operator=(const InterruptHandler&) = delete;

  private:
    friend Result<> connect_interrupt(u32 line, LineMode mode, InterruptHandler& handler);
    friend void dispatch_interrupt(u32 line);
    InterruptHandler* next_ = nullptr;
};

/// Unmasks a line at its controller. Errors: Einval (there is no such line).
using LineEnabler = Result<> (*)(u32 line, LineMode mode);
/// To be set at boot, once the controllers are known; without it connected lines stay masked.
void set_line_enabler(LineEnabler enabler);

/// Calls `handler` for ever on each interrupt of `line`, and unmasks the line. A handler can be connected once.
/// Errors: Einval, and those of the enabler.
Result<> connect_interrupt(u32 line, LineMode mode, InterruptHandler& handler);

/// What upcalls::interrupt does.
void dispatch_interrupt(u32 line);
/// Interrupts of lines that nobody is connected to, since boot.
u64 unexpected_interrupts();

}  // namespace exo::drivers
