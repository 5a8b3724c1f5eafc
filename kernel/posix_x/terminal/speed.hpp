// The line speeds in termios: a code in c_cflag, or the code BOTHER and a number in c_ispeed or c_ospeed.
// Source: termios(3); Linux, drivers/tty/tty_baudrate.c. The choice of codes is Linux's.
#pragma once

#include "abi/linux/termios.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// The output speed in bits per second. 0: hang up, or an unknown code.
u32 output_rate(const abi::termios2& settings);
/// The input speed. It equals the output speed unless c_cflag has a code for input.
u32 input_rate(const abi::termios2& settings);
/// Stores the speeds that a line really has: as a code if one is within 2 percent, or exactly if the settings
/// asked for an exact speed. Input gets its own code only if it had one or differs.
void encode_rates(abi::termios2& settings, u32 input, u32 output);

}  // namespace exo::posix_x
