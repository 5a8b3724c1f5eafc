#include "posix_x/terminal/speed.hpp"

#include <iterator>

namespace exo::posix_x {

namespace {

using abi::ControlFlags;

/// Index: the speed's code. Codes from 16 on have another bit set in c_cflag (code_of).
constexpr u32 RATES[] = {0,       50,      75,      110,     134,     150,     200,    300,
                         600,     1200,    1800,    2400,    4800,    9600,    19200,  38400,
                         57600,   115200,  230400,  460800,  500000,  576000,  921600, 1000000,
                         1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};
constexpr u32 PLAIN_CODES = 16;
constexpr u32 EXTENDED = abi::raw(ControlFlags::Other);
/// The tolerance for a code: 2 percent.
constexpr u32 TOLERANCE = 50;

constexpr u32 code_of(u32 index) {
    return index < PLAIN_CODES ? index : EXTENDED | (index - PLAIN_CODES + 1);
}

u32 code_in(ControlFlags flags, u32 shift) { return abi::raw(flags) >> shift & abi::raw(ControlFlags::Baud); }

u32 rate_of(u32 code) {
    const u32 index = (code & EXTENDED) != 0 ? (code & ~EXTENDED) + PLAIN_CODES - 1 : code;
    return index < std::size(RATES) ? RATES[index] : 0;
}

/// The last code with a speed within `distance` of `rate`, or Other.
u32 closest_code(u32 rate, u32 distance) {
    u32 code = EXTENDED;
    for (u32 index = 0; index < std::size(RATES); ++index)
        if (rate - distance <= RATES[index] && u64{rate} + distance >= RATES[index]) code = code_of(index);
    return code;
}

}  // namespace

u32 output_rate(const abi::termios2& settings) {
    const u32 code = code_in(settings.c_cflag, 0);
    return code == EXTENDED ? settings.c_ospeed : rate_of(code);
}

u32 input_rate(const abi::termios2& settings) {
    const u32 code = code_in(settings.c_cflag, abi::INPUT_BAUD_SHIFT);
    if (code == 0) return output_rate(settings);
    return code == EXTENDED ? settings.c_ispeed : rate_of(code);
}

void encode_rates(abi::termios2& settings, u32 input, u32 output) {
    if (output == 0) input = 0;
    const u32 old_output = code_in(settings.c_cflag, 0);
    const u32 old_input = code_in(settings.c_cflag, abi::INPUT_BAUD_SHIFT);
    const bool has_input = old_input != 0;
    const bool is_exact_output = old_output == EXTENDED;
    const bool is_exact_input = old_input == EXTENDED || (is_exact_output && !has_input);
    settings.c_ispeed = input;
    settings.c_ospeed = output;
    const u32 output_code = closest_code(output, is_exact_output ? 0 : output / TOLERANCE);
    u32 input_code = closest_code(input, is_exact_input ? 0 : input / TOLERANCE);
    if (!has_input && (input == output || input_code == output_code)) input_code = 0;
    settings.c_cflag = (settings.c_cflag & ~(ControlFlags::Baud | ControlFlags::InputBaud)) |
                       ControlFlags{output_code | input_code << abi::INPUT_BAUD_SHIFT};
}

}  // namespace exo::posix_x
