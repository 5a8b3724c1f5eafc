// TerminalDriver: the interface of the hardware behind a terminal.
#pragma once

#include <span>

#include "abi/linux/termios.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

/// Whether the line sends a BREAK, which is a long low level.
enum class LineBreak : u8 { Off, On };

/// Whether the terminal sends its output.
enum class OutputFlow : u8 { Running, Stopped };

/// Serial ports and virtio consoles implement it; so do pseudo-terminals, where another program acts as the
/// hardware. Threads call it with the terminal locked; it must not wait long.
class TerminalDriver {
  public:
    /// Reads received input, at most to.size() bytes; returns 0 if there is none.
    virtual usize read(std::span<u8> to) = 0;
    /// Takes as many bytes from the front as there is room for, and returns how many. If it took fewer, or
    /// has unsent bytes, it wakes `writable` when that changes.
    virtual usize write(std::span<const u8> bytes) = 0;
    /// Bytes that were taken and not sent yet, as far as the hardware reports.
    virtual usize unsent() { return 0; }
    /// Whether a BREAK was received since the last call.
    virtual bool take_break() { return false; }
    /// Starts or ends a BREAK. Returns false if the hardware has none.
    virtual bool set_break(LineBreak) { return false; }
    /// Applies c_cflag and the speeds of `wanted` as far as the hardware can, and changes `wanted` to what is
    /// in effect. `old` is the previous setting. The default, for hardware without such settings, keeps only
    /// the flags that do not concern hardware.
    virtual void configure(abi::termios2& wanted, const abi::termios2& old) {
        using abi::ControlFlags;
        constexpr ControlFlags FREE = ControlFlags::Hupcl | ControlFlags::Cread | ControlFlags::Clocal;
        wanted.c_cflag = (wanted.c_cflag & FREE) | (old.c_cflag & ~FREE);
        wanted.c_ispeed = old.c_ispeed;
        wanted.c_ospeed = old.c_ospeed;
    }

    // ---- Notifications for hardware that depends on the terminal's state (pseudo-terminals).

    /// A program has opened or closed the terminal.
    virtual void opened() {}
    virtual void closed() {}
    /// The terminal has dropped unread input.
    virtual void dropped_input() {}
    /// Drop the bytes that were taken and not sent.
    virtual void drop_output() {}
    virtual void note_flow(OutputFlow) {}
    /// The terminal keeps no queue in front of the hardware: while output is stopped, writes wait. LINUX:
    /// pty_write.
    virtual bool takes_nothing_while_stopped() const { return false; }
    /// The hardware is gone: waiting readers get EIO.
    virtual bool has_gone() const { return false; }
    /// Reads and writes fail with EIO at the moment.
    virtual bool has_failed() const { return false; }
    /// The end of its session's leader does not hang the terminal up. LINUX: disassociate_ctty.
    virtual bool stays_without_its_session() const { return false; }

    /// The interrupt handler wakes it when there is input.
    virtual scheduler::WaitQueue& readable() = 0;
    virtual scheduler::WaitQueue& writable() = 0;

  protected:
    ~TerminalDriver() = default;
};

}  // namespace exo::posix_x
