"""The reports of data races that a kernel of the preset `kcsan` prints among everything else on its console.

Each line of a report is `KCSAN: TEXT`, and the last one is `KCSAN: end of report NUMBER` (kernel/memory/kcsan/report.cpp).
"""

from __future__ import annotations

import re

# What precedes the mark is the log's time, or what a program had begun to print.
LINE = re.compile(r"KCSAN: (.*)$")
END = "end of report "


class RaceReports:
    """Collects the lines of reports out of a console's lines."""

    def __init__(self) -> None:
        self.reports: list[str] = []
        self._lines: list[str] = []

    def take(self, line: str) -> bool:
        """Whether the line belongs to a report."""
        match = LINE.search(line)
        if match is None:
            return False
        text = match[1].rstrip()
        if text.startswith(END):
            self.reports.append("\n".join(self._lines))
            self._lines = []
        else:
            self._lines.append(text)
        return True

    def all(self) -> list[str]:
        """With the one that the machine's end has cut off."""
        return self.reports + (["\n".join([*self._lines, "(the rest is missing)"])] if self._lines else [])
