// TerminalSettings: termios with functions that query single settings.
#pragma once

#include "abi/linux/termios.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

using abi::ControlCharacter;
using abi::ControlFlags;
using abi::InputFlags;
using abi::LocalFlags;
using abi::OutputFlags;

/// The value in c_cc that switches a function off (_POSIX_VDISABLE).
inline constexpr u8 DISABLED_CHARACTER = 0;

class TerminalSettings {
  public:
    /// The initial settings of every terminal on Linux (tty_std_termios).
    static constexpr TerminalSettings initial() {
        TerminalSettings settings;
        abi::termios2& raw = settings.raw_;
        raw.c_iflag = InputFlags::Icrnl | InputFlags::Ixon;
        raw.c_oflag = OutputFlags::Opost | OutputFlags::Onlcr;
        raw.c_cflag = ControlFlags::B38400 | ControlFlags::Cs8 | ControlFlags::Cread | ControlFlags::Hupcl;
        raw.c_lflag = LocalFlags::Isig | LocalFlags::Icanon | LocalFlags::Echo | LocalFlags::Echoe |
                      LocalFlags::Echok | LocalFlags::Echoctl | LocalFlags::Echoke | LocalFlags::Iexten;
        constexpr u8 CHARACTERS[] = {003, 034, 0177, 025, 004, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026};
        for (usize i = 0; i < sizeof(CHARACTERS); ++i) raw.c_cc[i] = CHARACTERS[i];
        raw.c_ispeed = raw.c_ospeed = 38400;
        return settings;
    }
    /// The initial settings of a serial line on Linux: opening it does not wait for a modem. The caller sets
    /// the speed.
    static constexpr TerminalSettings serial() {
        TerminalSettings settings = initial();
        settings.raw_.c_cflag |= ControlFlags::Clocal;
        return settings;
    }

    const abi::termios2& raw() const { return raw_; }
    abi::termios2& raw() { return raw_; }

    bool has(InputFlags flag) const { return abi::has(raw_.c_iflag, flag); }
    bool has(OutputFlags flag) const { return abi::has(raw_.c_oflag, flag); }
    bool has(LocalFlags flag) const { return abi::has(raw_.c_lflag, flag); }
    u8 character(ControlCharacter which) const { return raw_.c_cc[static_cast<usize>(which)]; }
    /// Whether the character `c` has the function `which`.
    bool is(u8 c, ControlCharacter which) const { return c != DISABLED_CHARACTER && c == character(which); }

    /// Whether reads return lines. With EXTPROC another program makes the lines, and this terminal passes
    /// bytes.
    bool is_canonical() const { return has(LocalFlags::Icanon) && !has(LocalFlags::Extproc); }
    /// Whether VMIN and VTIME control how long a read waits. They do not with ICANON, even if EXTPROC turns
    /// line mode off.
    bool has_read_limits() const { return !has(LocalFlags::Icanon); }
    bool expands_tabs() const { return (raw_.c_oflag & OutputFlags::Tabdly) == OutputFlags::Tab3; }

  private:
    abi::termios2 raw_{};
};

/// Whether `c` is a control character. As in the kernel's own table, no byte of the upper half is one.
constexpr bool is_control(u8 c) { return c < 0x20 || c == 0x7f; }

}  // namespace exo::posix_x
