// The speeds of a line as termios has them: a code in c_cflag, or the code "other" and a number beside it.
// Source: termios(3); Linux, drivers/tty/tty_baudrate.c, whose choice of codes is followed.
#pragma once

#include "abi/linux/termios.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// Bits per second; 0 hangs up, or is a code that means nothing.
u32 output_rate(const abi::termios2& settings);
/// That of output, unless c_cflag has one for input.
u32 input_rate(const abi::termios2& settings);
/// Writes down the rates that a line really has: by their codes if those come within 2 percent, or exactly if the
/// settings asked for an exact rate. Input gets a code of its own only where it had one, or differs.
void encode_rates(abi::termios2& settings, u32 input, u32 output);

}  // namespace exo::posix_x
