"""Work that takes minutes: one line that says how far it is, all of its output in a log, and the end of that on failure."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from . import paths
from .errors import ExoError

SHOWN_LINES = 40
LONG_LOG = 4 << 20  # a log of this size is begun anew
FULL = 256 << 10  # a disk with less room than this is full
MINUTE = 60
UNKNOWN_WIDTH = 80


def log_path(name: str) -> str:
    return paths.in_build("logs", f"{name}.log")


class Progress:
    """One line on a terminal, written over again and again. Elsewhere a line for each stage of the work."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._is_open = False
        self._stage = ""
        self._started = time.monotonic()

    def show(self, stage: str, detail: str = "") -> None:
        if self._is_terminal:
            width = os.get_terminal_size(2).columns or UNKNOWN_WIDTH
            self._write(f"\r\033[K{f'exo: {self._what}: {stage}{detail}'[:width - 1]}")
            self._is_open = True
        elif stage != self._stage:
            self._write(f"exo: {self._what}: {stage}\n")
        self._stage = stage

    def count(self, stage: str, done: int, total: int) -> None:
        """`done` of `total`, and how long the rest will take at the pace so far."""
        passed = time.monotonic() - self._started
        left = passed / done * (total - done) if done else 0
        about = f", about {round(left / MINUTE)} min left" if left > MINUTE else ", less than a minute left"
        self.show(stage, f" {done} of {total}" + (about if passed > 5 else ""))

    def close(self) -> None:
        """Takes the line away."""
        if self._is_open:
            self._write("\r\033[K")
            self._is_open = False

    @staticmethod
    def _write(text: str) -> None:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


def run(arguments: list[str], what: str, log: str, on_line=None, cwd: str | None = None,
        environment: dict[str, str] | None = None) -> None:
    """Runs a program without our input. Its output goes to build/logs/LOG.log, line by line also to `on_line`.

    Errors: ExoError when it cannot be started or fails, after the last lines that it printed.
    """
    os.makedirs(paths.in_build("logs"), exist_ok=True)
    path = log_path(log)
    last: list[str] = []
    first_error = ""
    try:
        is_long = os.path.exists(path) and os.path.getsize(path) > LONG_LOG
        with open(path, "w" if is_long else "a", encoding="utf-8") as file:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       cwd=cwd, env=environment, text=True, errors="replace")
            assert process.stdout is not None
            _keep(file, f"$ {' '.join(arguments)}\n")
            for line in process.stdout:
                _keep(file, line)
                last = [*last[1 - SHOWN_LINES:], line.rstrip("\n")]
                first_error = first_error or (last[-1] if " error: " in line else "")
                if on_line:
                    on_line(line)
            status = process.wait()
    except OSError as error:
        _refuse_full_disk(what)
        raise ExoError(f"{what}: {error.filename or arguments[0]}: {error.strerror}") from None
    if status != 0:
        _refuse_full_disk(what)
        # A compiler's first error says what is wrong; its notes and what follows from it may fill the last lines.
        print("\n".join([first_error] * (first_error not in last) + last), file=sys.stderr)
        raise ExoError(f"{what} failed (status {status}); all that it printed is in {os.path.relpath(path, paths.ROOT)}")


def _refuse_full_disk(what: str) -> None:
    """Says in one line what every program that was stopped by it says in its own way."""
    free = os.statvfs(paths.BUILD)
    if free.f_bavail * free.f_frsize < FULL:
        raise ExoError(f"{what} failed: {paths.BUILD}: No space left on device")


def _keep(file, line: str) -> None:
    """A full disk must not end an installation that is under way: the log is then incomplete."""
    try:
        file.write(line)
        file.flush()
    except OSError:
        pass
