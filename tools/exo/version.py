"""`./exo version`: what this is, which QEMU runs it, and whether a machine is a security boundary. Installs and builds nothing."""

from __future__ import annotations

import re

from . import packages, paths, process
from .machine.qemu import PROGRAM, why_no_kvm
from .options import Command, parse_all

COMMAND = Command("version", "Shows what this is, which QEMU runs it, and whether a machine is a security boundary.", "", [], """
docs/security.md says what a machine keeps apart, and what it does not.""")
RELEASE_FILE = paths.in_root("kernel", "posix_x", "system", "system_names.hpp")


def main(arguments: list[str]) -> int:
    if parse_all(COMMAND, arguments).wants_help:
        print(COMMAND.help())
        return 0
    print(f"Exo-OS {_release()}{_commit()}")
    print(_qemu())
    reason = why_no_kvm()
    print("--accel tcg (the default): emulated: not a security boundary")
    print(f"--accel kvm: {f'cannot be used here: {reason}' if reason else 'can be used here; not tested (docs/security.md)'}")
    return 0


def _release() -> str:
    """What uname -r says inside."""
    with open(RELEASE_FILE, encoding="utf-8") as file:
        found = re.search(r'SYSTEM_RELEASE = "([^"]+)"', file.read())
    return found.group(1) if found else "of an unknown release"


def _commit() -> str:
    """The commit, where this is a clone and git is there."""
    status, text = process.capture(["git", "describe", "--always", "--dirty"], cwd=paths.ROOT)
    return f" (commit {text.strip()})" if status == 0 else ""


def _qemu() -> str:
    if packages.find_program(PROGRAM) is None:
        return f"QEMU: {PROGRAM} is not installed; the first './exo run' installs it"
    status, text = process.capture([PROGRAM, "--version"])
    return text.partition("\n")[0] if status == 0 else f"QEMU: {PROGRAM} --version failed (status {status})"
