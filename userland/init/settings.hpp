#pragma once
// How the machine and the program differ from the usual: the lines of /.exo/settings (docs/run_protocol.md).

#include "text.hpp"

/// What could not be done: a positive errno (0: all was done), and the line.
struct SettingError {
    int error = 0;
    Text line;
};

/// Carries out what concerns the machine: its name, file systems on top of the root, a root that is only read.
SettingError apply_machine_settings(Text lines, const char* directory);

/// Carries out what concerns the program, in its process before it starts: limits, then its user, who also gets the standard streams.
SettingError apply_program_settings(Text lines);
