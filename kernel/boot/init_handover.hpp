// What the command line means for the first program: its path, arguments and environment.
#pragma once

#include "boot/command_line.hpp"
#include "utils/string.hpp"
#include "utils/vector.hpp"

namespace exo::boot {

struct InitHandover {
    /// Values of `init=` and `rdinit=`, borrowed from the command line.
    std::optional<std::string_view> init;
    std::optional<std::string_view> rdinit;
    /// argv from argv[1] on: unknown bare words (those before an init= or rdinit= are dropped), then
    /// everything behind "--".
    Vector<String> arguments;
    /// HOME=/ and TERM=linux, then unknown `key=value`; a later one replaces an earlier one of that key.
    Vector<String> environment;

    /// Unknown words with a dot in the key are dropped: they are meant for a module.
    /// Errors: Enomem. Source: Linux, init/main.c, unknown_bootoption() and init_setup().
    static Result<InitHandover> create(const CommandLine& command_line);
};

}  // namespace exo::boot
