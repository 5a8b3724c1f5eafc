"""How a campaign ends early: by SIGTERM or Ctrl-C all of its machines end with it, and its exit status says which signal it was."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending(Exception):
    """The campaign ends: no machine starts any more."""


# Threads start machines, and the main thread's handler ends them. Each first says what it does and then looks what the other
# has said, so that no machine is missed and no lock is needed, which a handler could find taken.
# The handler raises nothing: it may interrupt the starting of a thread, which would then be left behind. Whoever waits for a
# machine hears that it has ended.
_running: set[subprocess.Popen] = set()
_ended_by: signal.Signals | None = None


def start(command: list[str], **options) -> subprocess.Popen:
    """A machine that ends with the campaign. Errors: Ending, OSError."""
    check()
    process = subprocess.Popen(command, **options)
    _running.add(process)
    if _ended_by is not None:
        stop(process)
    return process


def stop(process: subprocess.Popen) -> None:
    """Errors: Ending."""
    process.kill()
    process.wait()
    _running.discard(process)
    check()


def check() -> None:
    """Errors: Ending."""
    if _ended_by is not None:
        raise Ending


def run(main: Callable[[], int]) -> int:
    """What `main` returns, or 128 and the signal that ended it, as shells say it."""
    for number in SIGNALS:
        signal.signal(number, _end)
    status = 0
    with contextlib.suppress(Ending):
        status = main()
    return status if _ended_by is None else 128 + _ended_by


def _end(number: int, _frame: FrameType | None) -> None:
    global _ended_by
    if _ended_by is not None:
        return
    _ended_by = signal.Signals(number)
    machines = list(_running)
    for process in machines:
        process.kill()
    # Not by print: the signal may have come in the middle of one, and nobody may be there any more to read it.
    with contextlib.suppress(OSError):
        os.write(1, f"ended by {_ended_by.name}; machines that ended with it: {len(machines)}\n".encode())
