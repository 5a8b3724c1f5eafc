"""The names of Linux's functions: the kernel is asked once, and the answer kept in build/bench."""

from __future__ import annotations

import os

from .. import paths, process
from ..errors import ExoError
from ..machine import debian_kernel
from . import guest, machine, symbols
from .files import write

ASKER = guest.Program("kallsyms")


def of(kernel: debian_kernel.DebianKernel) -> symbols.Symbols:
    """Errors: ExoError when the kernel does not tell."""
    path = paths.in_build("bench", f"{kernel.package}_{kernel.version}.kallsyms")
    if not os.path.exists(path):
        process.say("asking Linux for the names of its functions")
        text = machine.boot(kernel.path, ASKER.image(), "", "Linux")
        if "@@DONE" not in text:
            raise ExoError(f"Linux did not tell the names of its functions{machine.last_words(text)}")
        write(path, "".join(line + "\n" for line in text.splitlines() if line[:1] == "f"))
    with open(path, encoding="ascii", errors="replace") as file:
        return symbols.of_kallsyms(file.read())
