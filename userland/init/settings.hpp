#pragma once
// Settings of the machine and the program: the lines of /.exo/settings (docs/run_protocol.md).

#include "text.hpp"

/// A setting that failed: a positive errno (0: all succeeded), and its line.
struct SettingError {
    int error = 0;
    Text line;
};

/// Applies the settings of the machine: its name, file systems mounted over the root, a read-only root.
SettingError apply_machine_settings(Text lines, const char* directory);

/// Applies the settings of the program, in its process before it starts: limits first, and then its user, to
/// whom the standard streams are given.
SettingError apply_program_settings(Text lines);
