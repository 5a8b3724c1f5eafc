"""What helps when the program is not in the machine (imported only then): often the host has it."""

from __future__ import annotations

import os

from .. import packages


def for_missing_program(request, message: str) -> str:
    """What to add to init's message, or "" where this system has no such file or something else is missing."""
    name = request.arguments[0]
    if ": its interpreter " in message:
        return ""
    if "/" in name:
        return f" in the machine; {name} of this system may not be executed" if os.path.isfile(name) else ""
    here = next((path for path in (f"./{name}", packages.find_program(name)) if path and os.path.isfile(path)), None)
    return f" in the machine; this system has {here}, and named with that path it is brought along" if here else ""
