// TerminalSettings: termios with questions asked in words.
#pragma once

#include "abi/linux/termios.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

using abi::ControlCharacter;
using abi::ControlFlags;
using abi::InputFlags;
using abi::LocalFlags;
using abi::OutputFlags;

/// c_cc: 0 switches a function off (_POSIX_VDISABLE).
inline constexpr u8 DISABLED_CHARACTER = 0;

class TerminalSettings {
  public:
    /// What Linux starts every terminal with (tty_std_termios).
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
    /// A serial line as Linux has it: nobody waits for a modem. Its speed is still to be written down.
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
    /// `c` has the function `which` now.
    bool is(u8 c, ControlCharacter which) const { return c != DISABLED_CHARACTER && c == character(which); }

    /// Input is handed out by lines. With EXTPROC they are made elsewhere, and there are only bytes here.
    bool is_canonical() const { return has(LocalFlags::Icanon) && !has(LocalFlags::Extproc); }
    /// VMIN and VTIME say how long a read waits: they rest with ICANON, also where EXTPROC makes bytes of lines.
    bool has_read_limits() const { return !has(LocalFlags::Icanon); }
    bool expands_tabs() const { return (raw_.c_oflag & OutputFlags::Tabdly) == OutputFlags::Tab3; }

  private:
    abi::termios2 raw_{};
};

/// "not a letter but a command", as the kernel's own table has it: the upper half never is.
constexpr bool is_control(u8 c) { return c < 0x20 || c == 0x7f; }

}  // namespace exo::posix_x
