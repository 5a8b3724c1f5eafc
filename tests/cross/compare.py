"""Where two runs of one sequence part, and which of their differences are accepted.

accepted.txt has a line for each: a regular expression for Linux's line, one for ours, the reason, and the page or document
that allows it. Both must match the pair of lines as a whole.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re

import frames
from normal import Normal
from sequence import Sequence

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "accepted.txt")
_NUMBER = re.compile(r"^#\d+ ")


@dataclasses.dataclass(frozen=True)
class Rule:
    """An accepted difference."""

    linux: re.Pattern
    exo: re.Pattern
    reason: str
    source: str


@dataclasses.dataclass(frozen=True)
class Difference:
    """Pairs of lines that are not the same: (Linux's or nothing, ours or nothing). The first one counts."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def signature(self) -> tuple[str, str]:
        """What makes two differences the same: the first pair, without the call's place."""
        return _NUMBER.sub("", self.pairs[0][0]), _NUMBER.sub("", self.pairs[0][1])

    @property
    def call(self) -> int | None:
        """The place of the call that the first pair is about."""
        found = re.match(r"#(\d+) ", self.pairs[0][0] or self.pairs[0][1])
        return int(found[1]) if found else None

    def text(self, most: int = 3) -> str:
        lines = []
        for linux, exo in self.pairs[:most]:
            lines += [f"    Linux:  {linux or '(nothing)'}", f"    Exo-OS: {exo or '(nothing)'}"]
        if len(self.pairs) > most:
            lines.append(f"    and {len(self.pairs) - most} more lines")
        return "\n".join(lines)


class BadRule(Exception):
    """A line of accepted.txt that cannot be used."""


def read_rules(path: str = PATH) -> list[Rule]:
    """Errors: BadRule."""
    rules = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 4 or not all(parts):
                raise BadRule(f"{path}:{number}: not four parts: Linux's line | ours | reason | source")
            try:
                rules.append(Rule(re.compile(parts[0]), re.compile(parts[1]), parts[2], parts[3]))
            except re.error as error:
                raise BadRule(f"{path}:{number}: {error}") from None
    return rules


class Comparison:
    """Compares records, and counts how often each rule was of use."""

    def __init__(self, descriptions: dict[str, dict], rules: list[Rule]) -> None:
        self._normal = Normal(descriptions)
        self._rules = rules
        self.uses = [0] * len(rules)

    def difference(self, sequence: Sequence, linux: bytes, exo: bytes) -> Difference | None:
        if linux == exo:
            return None
        theirs = self._normal.lines(sequence, frames.decode(linux))
        ours = self._normal.lines(sequence, frames.decode(exo))
        if theirs == ours:
            return None
        pairs = tuple(pair for pair in _pairs(theirs, ours) if not self._is_accepted(*pair))
        return Difference(pairs) if pairs else None

    def _is_accepted(self, linux: str, exo: str) -> bool:
        linux, exo = _NUMBER.sub("", linux), _NUMBER.sub("", exo)
        for index, rule in enumerate(self._rules):
            if rule.linux.fullmatch(linux) and rule.exo.fullmatch(exo):
                self.uses[index] += 1
                return True
        return False


def _pairs(theirs: list[str], ours: list[str]):
    """The lines that differ, side by side."""
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        for index in range(max(b - a, d - c)):
            yield (theirs[a + index] if a + index < b else "", ours[c + index] if c + index < d else "")


def successes(payload: bytes, calls: int) -> int:
    """Calls that were answered without an error."""
    events = frames.decode(payload).events
    return sum(event.kind == frames.REPLY and event.call < calls and not -4096 < event.result < 0 for event in events)


def waiting_calls(payload: bytes) -> frozenset[int]:
    """The places of the calls that were not answered at once."""
    return frozenset(event.call for event in frames.decode(payload).events if event.kind == frames.SILENT)
