// What a terminal needs of the hardware behind it.
#pragma once

#include <span>

#include "abi/linux/termios.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

/// Whether the line is held low (BREAK).
enum class LineBreak : u8 { Off, On };

/// Whether the terminal sends what programs write.
enum class OutputFlow : u8 { Running, Stopped };

/// Implemented over a serial port or a virtio console, and by pseudo-terminals, whose hardware is another program. Called by threads, with the terminal locked; must not wait long.
class TerminalDriver {
  public:
    /// Input that has come, at most to.size() bytes; 0 if there is none.
    virtual usize read(std::span<u8> to) = 0;
    /// Takes as many bytes from the front as there is room for now, and returns how many. After it took fewer, or while
    /// some are unsent, `writable` is woken when that changes.
    virtual usize write(std::span<const u8> bytes) = 0;
    /// Bytes taken and not yet sent, as far as the hardware tells.
    virtual usize unsent() { return 0; }
    /// The line was held low (BREAK) since the last call.
    virtual bool take_break() { return false; }
    /// Holds the line low, or lets it go. False: it has no such thing.
    virtual bool set_break(LineBreak) { return false; }
    /// Does what c_cflag and the speeds of `wanted` say, as far as it can, and makes them say what it does. `old` is what
    /// it did before. Without hardware that could change, only flags remain that mean nothing to hardware.
    virtual void configure(abi::termios2& wanted, const abi::termios2& old) {
        using abi::ControlFlags;
        constexpr ControlFlags FREE = ControlFlags::Hupcl | ControlFlags::Cread | ControlFlags::Clocal;
        wanted.c_cflag = (wanted.c_cflag & FREE) | (old.c_cflag & ~FREE);
        wanted.c_ispeed = old.c_ispeed;
        wanted.c_ospeed = old.c_ospeed;
    }

    // ---- For hardware that is told what becomes of the terminal (pseudo-terminals).

    /// A program has opened the terminal, or one has closed it.
    virtual void opened() {}
    virtual void closed() {}
    /// The terminal has dropped what was typed and not read.
    virtual void dropped_input() {}
    /// What was taken and not sent is to be dropped.
    virtual void drop_output() {}
    virtual void note_flow(OutputFlow) {}
    /// It has no queue of its own in front of the hardware: while output is stopped, nothing is taken from a program. LINUX: pty_write.
    virtual bool takes_nothing_while_stopped() const { return false; }
    /// There is no hardware any more: who waits for input then gets EIO.
    virtual bool has_gone() const { return false; }
    /// Reads and writes fail with EIO for the time being.
    virtual bool has_failed() const { return false; }
    /// The end of the leader of its session does not hang it up. LINUX: disassociate_ctty.
    virtual bool stays_without_its_session() const { return false; }

    /// Woken by the interrupt handler when there is input.
    virtual scheduler::WaitQueue& readable() = 0;
    virtual scheduler::WaitQueue& writable() = 0;

  protected:
    ~TerminalDriver() = default;
};

}  // namespace exo::posix_x
