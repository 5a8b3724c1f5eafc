"""What tests print on the console, in the kernel (main.cpp) as well as in programs (programs/init.c):

    @test NAME KIND         a test that there is
    @begin NAME             it starts
    @expect TEXT            the report of the panic, or of the data race, that it provokes must hold this
    @fail NAME: TEXT        a check failed
    @end NAME               it came back
    @done                   all have run
"""

from __future__ import annotations

import re

import machine
from exo.machine import race_reports

MARK = re.compile(r"^(?:\[ *\d+\.\d+\] )?@(test|begin|expect|fail|end|done)\b ?(.*)$")


class Outcome:
    """What came of one test on one machine with one build."""

    def __init__(self, place: str, name: str, problem: str = "") -> None:
        self.place = place
        self.name = name
        self.problem = problem  # empty: it passed

    def __str__(self) -> str:
        return f"{'FAIL' if self.problem else 'ok  '} {self.place}/{self.name}" + (
            "\n" + self.problem if self.problem else "")


class Transcript:
    """A console's lines, taken apart."""

    def __init__(self, run: machine.Run) -> None:
        self.run = run
        self.listed: list[tuple[str, str]] = []
        self.begun: list[str] = []
        self.ended: set[str] = set()
        self.failures: dict[str, list[str]] = {}
        self.expected: dict[str, list[str]] = {}
        self.races: dict[str, list[str]] = {}  # KCSAN's lines
        self.others: list[str] = []
        self.is_done = False
        for line in run.lines:
            self._take(line)

    def _take(self, line: str) -> None:
        match = MARK.match(line)
        if not match:
            self.others.append(line)
            if race_reports.LINE.search(line):
                self.races.setdefault(self._current(), []).append(line)
            return
        kind, rest = match.groups()
        if kind == "test":
            name, _, how = rest.partition(" ")
            self.listed.append((name, how))
        elif kind == "begin":
            self.begun.append(rest)
        elif kind == "expect":
            self.expected.setdefault(self._current(), []).append(rest)
        elif kind == "end":
            self.ended.add(rest.split(" ")[0])
        elif kind == "fail":
            self.failures.setdefault(self._current(), []).append(rest)
        else:
            self.is_done = True

    def _current(self) -> str:
        return self.begun[-1] if self.begun else ""

    def outcome(self, place: str, name: str) -> Outcome:
        """Of a test that comes back."""
        problems = list(self.failures.get(name, []))
        races, expected = self.races.get(name, []), self.expected.get(name, [])
        if races and not expected:
            problems += ["KCSAN reports a data race:", *races]
        problems += missing("\n".join(races), expected)
        if name not in self.begun:
            problems.append(f"it was not run; {self.run.end}")
        elif name not in self.ended:
            problems.append(f"it did not come back; {self.run.end}")
        else:
            return Outcome(place, name, "\n".join("  " + problem for problem in problems))
        return Outcome(place, name, "\n".join("  " + problem for problem in problems) + "\n" + self.run.tail())


def missing(text: str, expected: list[str]) -> list[str]:
    """What of the expected texts a report does not hold, in their order."""
    problems = []
    at = 0
    for one in expected:
        found = text.find(one, at)
        if found < 0:
            where = "after what came before it" if one in text else "at all"
            problems.append(f"the report does not hold '{one}' {where}")
        else:
            at = found + len(one)
    return problems


def run_all(place: str, names: list[str], boot) -> list[Outcome]:
    """`boot(names)` as often as it takes for each test that comes back to have had its turn."""
    outcomes = []
    waiting = list(names)
    while waiting:
        transcript = Transcript(boot(waiting))
        begun = [name for name in waiting if name in transcript.begun]
        if not begun:
            return outcomes + [transcript.outcome(place, name) for name in waiting]
        outcomes += [transcript.outcome(place, name) for name in begun]
        waiting = [name for name in waiting if name not in begun]
    return outcomes
