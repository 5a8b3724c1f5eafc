// InitHandover: the parts of the command line for the first program: its path, arguments and environment.
#pragma once

#include "boot/command_line.hpp"
#include "utils/string.hpp"
#include "utils/vector.hpp"

namespace exo::boot {

struct InitHandover {
    /// Values of `init=` and `rdinit=`, borrowed from the command line.
    std::optional<std::string_view> init;
    std::optional<std::string_view> rdinit;
    /// argv from argv[1] on: unknown words without a value (those before an init= or rdinit= are dropped),
    /// then everything after "--".
    Vector<String> arguments;
    /// HOME=/ and TERM=linux, then unknown `key=value` words. A later word replaces an earlier one with the
    /// same key.
    Vector<String> environment;

    /// Drops unknown words with a dot in the key, because they are for modules.
    /// Errors: Enomem. Source: Linux, init/main.c, unknown_bootoption() and init_setup().
    static Result<InitHandover> create(const CommandLine& command_line);
};

}  // namespace exo::boot
