"""`./exo build`: builds without running."""

from __future__ import annotations

from ..errors import UsageError
from ..options import Command, parse
from . import build

COMMAND = Command("build", "Builds kernels, or the hosted library with its unit tests, into build/PRESET/.",
                  "[PRESET]…", [], "Presets, of which the first is built where none is named:\n"
                  + "\n".join(f"  {name:<14}{what}" for name, what in build.PRESETS.items())
                  + "\n\ndocs/how_to/build.md says which suite needs which.")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    for preset in options.words or ["release"]:
        if preset not in build.PRESETS:
            raise UsageError(f"unknown preset {preset}; there are {', '.join(build.PRESETS)}", "build")
        build.ensure_preset(preset)
    build.ensure_init()
    return 0
