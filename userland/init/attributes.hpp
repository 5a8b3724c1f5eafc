#pragma once
// Applies properties of files that a boot archive cannot contain: extended attributes, and fractions of a
// second (docs/run_protocol.md).

#include "settings.hpp"

/// Applies the records of /.exo/attributes and removes that file. An error's line names the file.
SettingError apply_attributes();
