// Linux terminals: termios(3), ioctl_tty(2); x86-64 (include/uapi/asm-generic/termbits.h, ioctls.h, termios.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class InputFlags : std::uint32_t {
    None = 0,
    Ignbrk = 0001,
    Brkint = 0002,
    Ignpar = 0004,
    Parmrk = 0010,
    Inpck = 0020,
    Istrip = 0040,
    Inlcr = 0100,
    Igncr = 0200,
    Icrnl = 0400,
    Iuclc = 01000,
    Ixon = 02000,
    Ixany = 04000,
    Ixoff = 010000,
    Imaxbel = 020000,
    Iutf8 = 040000,
};
template <> inline constexpr bool IS_FLAG_ENUM<InputFlags> = true;

enum class OutputFlags : std::uint32_t {
    None = 0,
    Opost = 01,
    Olcuc = 02,
    Onlcr = 04,
    Ocrnl = 010,
    Onocr = 020,
    Onlret = 040,
    Ofill = 0100,
    Ofdel = 0200,
    Tabdly = 014000,
    Tab3 = 014000,  ///< Tabs become blanks.
};
template <> inline constexpr bool IS_FLAG_ENUM<OutputFlags> = true;

enum class ControlFlags : std::uint32_t {
    None = 0,
    Baud = 010017,  ///< CBAUD: which of the speeds, 0 to 15, or with B57600's bit 16 to 30.
    B9600 = 015,
    B38400 = 017,
    B115200 = 010002,
    Other = 010000,  ///< BOTHER: the speed is in c_ispeed and c_ospeed.
    Csize = 060,
    Cs6 = 020,
    Cs7 = 040,
    Cs8 = 060,
    Cstopb = 0100,
    Cread = 0200,
    Parenb = 0400,
    Parodd = 01000,
    Hupcl = 02000,
    Clocal = 04000,
    InputBaud = 02003600000,  ///< CIBAUD: as Baud, for input where that differs.
    Cmspar = 010000000000,
    Crtscts = 020000000000,
};
template <> inline constexpr bool IS_FLAG_ENUM<ControlFlags> = true;

enum class LocalFlags : std::uint32_t {
    None = 0,
    Isig = 01,
    Icanon = 02,
    Xcase = 04,
    Echo = 010,
    Echoe = 020,
    Echok = 040,
    Echonl = 0100,
    Noflsh = 0200,
    Tostop = 0400,
    Echoctl = 01000,
    Echoprt = 02000,
    Echoke = 04000,
    Flusho = 010000,
    Pendin = 040000,
    Iexten = 0100000,
    Extproc = 0200000,
};
template <> inline constexpr bool IS_FLAG_ENUM<LocalFlags> = true;

/// Indices into c_cc.
enum class ControlCharacter : std::uint8_t {
    Intr = 0,
    Quit = 1,
    Erase = 2,
    Kill = 3,
    Eof = 4,
    Time = 5,
    Min = 6,
    Swtc = 7,
    Start = 8,
    Stop = 9,
    Susp = 10,
    Eol = 11,
    Reprint = 12,
    Discard = 13,
    Werase = 14,
    Lnext = 15,
    Eol2 = 16,
};
inline constexpr std::size_t CONTROL_CHARACTERS = 19;
inline constexpr unsigned INPUT_BAUD_SHIFT = 16;  ///< IBSHIFT: from Baud to InputBaud

struct termios {
    InputFlags c_iflag;
    OutputFlags c_oflag;
    ControlFlags c_cflag;
    LocalFlags c_lflag;
    std::uint8_t c_line;
    std::uint8_t c_cc[CONTROL_CHARACTERS];
};
static_assert(sizeof(termios) == 36);

struct termios2 {
    InputFlags c_iflag;
    OutputFlags c_oflag;
    ControlFlags c_cflag;
    LocalFlags c_lflag;
    std::uint8_t c_line;
    std::uint8_t c_cc[CONTROL_CHARACTERS];
    std::uint32_t c_ispeed;
    std::uint32_t c_ospeed;
};
static_assert(sizeof(termios2) == 44);

struct winsize {
    std::uint16_t ws_row;
    std::uint16_t ws_col;
    std::uint16_t ws_xpixel;
    std::uint16_t ws_ypixel;
    friend constexpr bool operator==(const winsize&, const winsize&) = default;
};
static_assert(sizeof(winsize) == 8);

enum class TerminalRequest : std::uint32_t {
    GetAttributes = 0x5401,       ///< TCGETS
    SetAttributes = 0x5402,       ///< TCSETS
    SetAttributesWait = 0x5403,   ///< TCSETSW
    SetAttributesFlush = 0x5404,  ///< TCSETSF
    SendBreak = 0x5409,           ///< TCSBRK
    FlowControl = 0x540a,         ///< TCXONC
    Flush = 0x540b,               ///< TCFLSH
    SetExclusive = 0x540c,        ///< TIOCEXCL
    ClearExclusive = 0x540d,      ///< TIOCNXCL
    SetControlling = 0x540e,      ///< TIOCSCTTY
    GetGroup = 0x540f,            ///< TIOCGPGRP
    SetGroup = 0x5410,            ///< TIOCSPGRP
    OutputQueue = 0x5411,         ///< TIOCOUTQ
    SimulateInput = 0x5412,       ///< TIOCSTI
    GetWindowSize = 0x5413,       ///< TIOCGWINSZ
    SetWindowSize = 0x5414,       ///< TIOCSWINSZ
    InputQueue = 0x541b,          ///< TIOCINQ, FIONREAD
    GiveUpControlling = 0x5422,   ///< TIOCNOTTY
    SetDiscipline = 0x5423,       ///< TIOCSETD
    GetDiscipline = 0x5424,       ///< TIOCGETD
    SendBreakFor = 0x5425,        ///< TCSBRKP
    StartBreak = 0x5427,          ///< TIOCSBRK
    StopBreak = 0x5428,           ///< TIOCCBRK
    GetSession = 0x5429,          ///< TIOCGSID
    GetAttributes2 = 0x802c542a,  ///< TCGETS2
    SetAttributes2 = 0x402c542b,
    SetAttributesWait2 = 0x402c542c,
    SetAttributesFlush2 = 0x402c542d,
    GetDevice = 0x80045432,     ///< TIOCGDEV
    HangUp = 0x5437,            ///< TIOCVHANGUP
    GetExclusive = 0x80045440,  ///< TIOCGEXCL
};

/// Requests that only the master of a pseudo-terminal knows.
enum class PtyRequest : std::uint32_t {
    GetNumber = 0x80045430,      ///< TIOCGPTN
    SetLock = 0x40045431,        ///< TIOCSPTLCK
    SendSignal = 0x40045436,     ///< TIOCSIG
    GetPacketMode = 0x80045438,  ///< TIOCGPKT
    GetLock = 0x80045439,        ///< TIOCGPTLCK
    OpenSlave = 0x5441,          ///< TIOCGPTPEER
    SetPacketMode = 0x5420,      ///< TIOCPKT
};

/// The argument of TCFLSH.
enum class FlushQueue : std::uint64_t { Input = 0, Output = 1, Both = 2 };
/// The argument of TCXONC.
enum class FlowAction : std::uint64_t { OutputOff = 0, OutputOn = 1, InputOff = 2, InputOn = 3 };

}  // namespace exo::abi
