"""Takes apart what a machine with a list of tests or tasks prints on its console.

The lines are `@@RUN NAME`, `@@DATA BASE64`…, `@@END …` for each test, and `@@DONE` after the last. All other lines are the
kernel's log.
"""

from __future__ import annotations

LOG_LINES = 40


class ReportFrames:
    """Subclasses say what the end of a test means (`end`), and may know further lines (`take_other`)."""

    def __init__(self) -> None:
        self.running: str | None = None  # The test that has begun and not ended.
        self.is_done = False
        self.data: list[str] = []  # What the running test has printed, one base64 text a line.
        self._log: list[str] = []

    def log_tail(self) -> str:
        return "\n".join(self._log[-LOG_LINES:])

    def take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind == "@@RUN":
            self.running, self.data = rest, []
        elif kind == "@@DATA":
            self.data.append(rest)
        elif kind == "@@END":
            self.end(rest)
            self.running = None
        elif kind == "@@DONE":
            self.is_done = True
        elif not self.take_other(kind, rest) and line.strip():
            self._log.append(line)

    def end(self, rest: str) -> None:
        raise NotImplementedError

    def take_other(self, kind: str, rest: str) -> bool:
        """Whether the subclass knows this line."""
        return False
