"""`--result FILE`: how a machine ended and what it used, as one object of JSON (imported only where it is asked for).

status             what exo returns
reason             exit, signal, memory (the kernel ended the program for want of it), limit (--timeout), ended (kill keys, signals to
                   exo, --stop-timeout), not-started (see message), power-off (by the program itself), panic, failed (the machine)
message            why exo ended the machine, or why the program was not started; null otherwise
signal             the name of the signal that ended the program, or null
wall_seconds       from the start of the machine to its end, outside
cpu_seconds        of the program and its descendants, on the machine's clock: user, system; null where init could not say
peak_memory_kib    of the largest of these processes; null where init could not say
killed_for_memory  the names of the processes that the kernel has ended for want of memory
machine            memory_mib (its size), cpu_seconds and peak_memory_kib (of QEMU, outside)
"""

from __future__ import annotations

import json
import os
import signal
import time

from ..errors import STATUS_TIMEOUT, ExoError


class Report:
    """Opens the file at once, so that a name that cannot be written is said before the machine starts. Errors: ExoError."""

    def __init__(self, path: str, memory: int) -> None:
        self._path = path
        self._memory = memory
        try:
            # What stands behind /dev/stdout may be a file that others are appending to.
            self._file = open(path, "a" if path.startswith("/dev/") else "w", encoding="utf-8")
        except OSError as error:
            raise ExoError(f"--result: {path}: {error.strerror}") from None
        self._started = time.monotonic()

    def write(self, status: int, session, usage, killed: list[tuple[int, str]], panicked: bool) -> None:
        """`session`: a relay.Relay whose machine has ended; `usage`: QEMU's struct_rusage; `killed`: numbers and names."""
        outcome = session.outcome
        number = outcome.signal
        used = outcome.used
        try:
            self._file.write(json.dumps({
                "status": status,
                "reason": reason(session, status, killed, panicked),
                "message": session.reason or outcome.message or None,
                "signal": _name(number) if number else None,
                "wall_seconds": round(time.monotonic() - self._started, 3),
                "cpu_seconds": {"user": used[0] / 1e6, "system": used[1] / 1e6} if used else None,
                "peak_memory_kib": used[2] if used else None,
                "killed_for_memory": [name for _, name in killed],
                "machine": {"memory_mib": self._memory, "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                            "peak_memory_kib": usage.ru_maxrss},
            }, indent=1) + os.linesep)
            self._file.close()
        except OSError as error:
            raise ExoError(f"--result: {self._path}: {error.strerror}") from None


def reason(session, status: int, killed: list[tuple[int, str]], panicked: bool) -> str:
    """One of the words above; `status` is what exo returns."""
    outcome = session.outcome
    if session.status is not None:
        return "limit" if session.status == STATUS_TIMEOUT else "ended"
    if panicked:
        return "panic"
    if outcome.status is None:
        return "failed" if status else "power-off"
    if not outcome.started:
        return "not-started"
    if outcome.process in [number for number, _ in killed]:
        return "memory"
    return "signal" if outcome.signal else "exit"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRT{number - signal.SIGRTMIN:+d}"
