"""`./exo build`: builds without running."""

from __future__ import annotations

from ..errors import UsageError
from ..options import Command, parse
from . import build

COMMAND = Command("build", "Builds kernels, or the hosted library with its unit tests, into build/PRESET/.",
                  "[PRESET]…", [], f"Presets: {', '.join(build.PRESETS)}. Without one: release.")


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
