// The terminals of this machine and their device nodes: /dev/ttyS0, /dev/hvc0, /dev/console, /dev/tty.
#pragma once

#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

/// Makes a terminal for `driver` and its node in /dev. The terminal becomes a candidate for /dev/console.
/// `name` and `driver` must live for ever. Errors: Enomem, Eexist.
Result<Ref<Terminal>> add_terminal(std::string_view name, abi::DeviceNumber number,
                                   std::string_view driver_name, TerminalDriver& driver,
                                   const TerminalSettings& settings);

/// Opens `terminal` as through its node: it may become the controlling terminal of the caller's session.
/// Errors: Ebusy (TIOCEXCL), RestartSys, Enomem.
Result<Ref<fs::File>> open_as_terminal(fs::OpenRequest&& request, const Ref<Terminal>& terminal);

/// Makes the nodes /dev/tty and /dev/console. Errors: Enomem, Eexist.
Result<> init_terminals();

/// Stores the kernel's command line, which must live for ever, for its console= words. The last word that
/// names an existing or later terminal wins. The part after a comma ("ttyS0,115200") is ignored.
void select_console_from(std::string_view command_line);
/// The terminal of /dev/console. Without a matching console= word, the first terminal that was added. Null:
/// there is none.
Ref<Terminal> console();

}  // namespace exo::posix_x
