// The words of the command line that are the kernel's own.
#pragma once

#include "boot/command_line.hpp"

namespace exo::boot {

/// True for words that Linux takes for itself, whether they mean anything here or not, so that init does not see them.
bool is_kernel_word(const CommandLineWord& word);

}  // namespace exo::boot
