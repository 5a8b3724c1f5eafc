"""What helps when the program is not in the machine (imported only then): often the host has it."""

from __future__ import annotations

import os
import shlex

from . import packages, rootfs


def for_missing_program(request, message: str) -> str:
    """What to add to init's message, or "" where the host has no such file or something else is missing."""
    name = request.arguments[0]
    if ": its interpreter " in message:
        return ""
    here = name if "/" in name else next((path for path in (f"./{name}", packages.find_program(name)) if path and os.path.isfile(path)), "")
    if not os.path.isfile(here):
        return ""
    if not _runs_alone(here):
        return f" in the machine; {here} of this system is a dynamic program: see --rootfs for its libraries, or link it with -static"
    target = os.path.normpath(os.path.join(request.directory, here if "/" in name else f"/usr/local/bin/{name}"))
    return f" in the machine; to bring the one from here: --copy {shlex.quote(f'{here}:{target}')}"


def _runs_alone(path: str) -> bool:
    """Whether it is a static program or no ELF file at all (a script)."""
    try:
        with open(path, "rb") as file:
            return file.read(4) != b"\x7fELF" or rootfs.is_static(path)
    except OSError:
        return True
