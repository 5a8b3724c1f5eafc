// The words of the command line that belong to the kernel.
#pragma once

#include "boot/command_line.hpp"

namespace exo::boot {

/// Whether Linux uses the word itself, so that init does not get it. This kernel may ignore the word.
bool is_kernel_word(const CommandLineWord& word);

}  // namespace exo::boot
