#pragma once
// What a boot archive cannot hold of its files: extended attributes, and parts of a second (docs/run_protocol.md).

#include "settings.hpp"

/// Carries out the records of /.exo/attributes and removes it. The line of an error names the file.
SettingError apply_attributes();
