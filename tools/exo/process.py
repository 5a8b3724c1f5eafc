"""Running other programs while something is installed, built or tested (not on the way to a started program)."""

from __future__ import annotations

import subprocess
import sys

from .errors import ExoError


def say(message: str) -> None:
    """Progress, on standard error: standard output belongs to the program inside."""
    print(f"exo: {message}", file=sys.stderr, flush=True)


def run(arguments: list[str], what: str, cwd: str | None = None) -> None:
    """Runs a program with its output on our standard error and without our input.

    Errors: ExoError when it cannot be started or fails.
    """
    try:
        status = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd=cwd).returncode
    except OSError as error:
        raise ExoError(f"{what}: {arguments[0]}: {error.strerror}") from None
    if status != 0:
        raise ExoError(f"{what} failed (status {status}); the lines above say why")


def capture(arguments: list[str], cwd: str | None = None) -> tuple[int, str]:
    """Runs a program and returns its status and all that it printed."""
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=cwd)
    except OSError as error:
        return 127, f"{arguments[0]}: {error.strerror}"
    return done.returncode, done.stdout.decode(errors="replace")
