"""How the command fails: one line for the user, and an exit status."""

from __future__ import annotations

import os
import sys

# Exit statuses as `docker run` and timeout(1) use them; 126 and 127 as POSIX shells do (sh(1), "Exit Status").
STATUS_TIMEOUT = 124
STATUS_FAILED = 125
STATUS_NOT_FOUND = 127
STATUS_KILLED = 137


class ExoError(Exception):
    """Something that the user should read. `str()` of it is one line, or a few for a list."""

    def __init__(self, message: str, status: int = STATUS_FAILED) -> None:
        super().__init__(message)
        self.status = status


class UsageError(ExoError):
    """The command line makes no sense; the message ends with where to read more."""

    def __init__(self, message: str, command: str) -> None:
        super().__init__(f"{message} (see './exo {command} --help')" if command else f"{message} (see './exo --help')")


def meant(word: str, names, likeness: float = 0.6) -> str:
    """`; did you mean NAME?` with the one of `names` that is most like `word`; nothing if none is."""
    import difflib  # where something is wrong only: it takes milliseconds
    close = difflib.get_close_matches(word, names, 1, likeness)
    return f"; did you mean {close[0]}?" if close else ""


def complain(message: str) -> None:
    """One line on standard error, or nothing where nobody can read it any more."""
    if sys.stderr is None:  # closed when we started
        return
    try:
        print(f"exo: {message}", file=sys.stderr, flush=True)
    except OSError:
        silence(2)


def close_output() -> None:
    """Before an exit: what standard output still holds goes out, or is dropped without a second report of the failure."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        silence(1)


def silence(fd: int) -> None:
    """Sends a standard stream that fails to /dev/null, lest the interpreter report it once more when it ends."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # no descriptor is left; our input is not needed any more
        os.close(0)
        null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, fd)
