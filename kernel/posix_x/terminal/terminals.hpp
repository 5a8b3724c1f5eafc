// The terminals of this machine, and the nodes that lead to them: /dev/ttyS0, /dev/hvc0, /dev/console, /dev/tty.
#pragma once

#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

/// Makes a terminal over `driver`, its node in /dev, and remembers it as a candidate for /dev/console.
/// `name` and `driver` must live for ever. Errors: Enomem, Eexist.
Result<Ref<Terminal>> add_terminal(std::string_view name, abi::DeviceNumber number, std::string_view driver_name,
                                   TerminalDriver& driver, const TerminalSettings& settings);

/// Makes /dev/tty and /dev/console. Errors: Enomem, Eexist.
Result<> init_terminals();

/// Makes the terminal of that name the console; options behind a comma ("ttyS0,115200") are left out of account.
/// False: there is none of that name.
bool select_console(std::string_view name);
/// What /dev/console is: what was selected last, or the first terminal that was added; null if there is none.
Ref<Terminal> console();

/// The kernel command line's console= words, in order: the last that names a terminal wins. Without one the order of
/// adding decides.
void select_console_from(std::string_view command_line);

}  // namespace exo::posix_x
