"""How the command fails: one line for the user, and an exit status."""

from __future__ import annotations

# Exit statuses as `docker run` and timeout(1) use them; 126 and 127 as POSIX shells do (sh(1), "Exit Status").
STATUS_TIMEOUT = 124
STATUS_FAILED = 125


class ExoError(Exception):
    """Something that the user should read. `str()` of it is one line, or a few for a list."""

    def __init__(self, message: str, status: int = STATUS_FAILED) -> None:
        super().__init__(message)
        self.status = status


class UsageError(ExoError):
    """The command line makes no sense; the message ends with where to read more."""

    def __init__(self, message: str, command: str) -> None:
        super().__init__(f"{message} (see './exo {command} --help')" if command else f"{message} (see './exo --help')")
