// The terminals of this machine, and the nodes that lead to them: /dev/ttyS0, /dev/hvc0, /dev/console, /dev/tty.
#pragma once

#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

/// Makes a terminal over `driver`, its node in /dev, and remembers it as a candidate for /dev/console.
/// `name` and `driver` must live for ever. Errors: Enomem, Eexist.
Result<Ref<Terminal>> add_terminal(std::string_view name, abi::DeviceNumber number,
                                   std::string_view driver_name, TerminalDriver& driver,
                                   const TerminalSettings& settings);

/// Opens `terminal` as its node does: it may become the controlling terminal of the caller's session.
/// Errors: Ebusy (TIOCEXCL), RestartSys, Enomem.
Result<Ref<fs::File>> open_as_terminal(fs::OpenRequest&& request, const Ref<Terminal>& terminal);

/// Makes /dev/tty and /dev/console. Errors: Enomem, Eexist.
Result<> init_terminals();

/// Remembers the kernel's command line, which lives for ever, for its console= words: the last that names a terminal
/// wins, whether that is there already or is added later. What is behind a comma ("ttyS0,115200") is left out.
void select_console_from(std::string_view command_line);
/// What /dev/console is; without a console= that names one, the first terminal that was added. Null: there is none.
Ref<Terminal> console();

}  // namespace exo::posix_x
