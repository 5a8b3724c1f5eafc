"""Where two runs of one sequence part, and which of their differences are accepted.

accepted.txt has a line for each: a regular expression for Linux's line, one for ours, the reason, and the page or document
that allows it. Both must match the pair of lines as a whole; the call may have its arguments behind its name: numbers, `*` for
memory. A fifth part, `parts`: the two machines go separate ways from there, and what follows cannot be compared.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re

from campaign.compare.normal import Normal
from campaign.machines import frames
from campaign.sequences.sequence import Buffer, Call, Sequence

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "accepted.txt")
_NUMBER = re.compile(r"^#\d+ ")


@dataclasses.dataclass(frozen=True)
class Rule:
    """An accepted difference."""

    linux: re.Pattern
    exo: re.Pattern
    reason: str
    source: str
    parts: bool


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
            ways = parts[4:]
            if len(parts) < 4 or not all(parts) or ways not in ([], ["parts"]):
                raise BadRule(f"{path}:{number}: not: Linux's line | ours | reason | source, and perhaps | parts")
            try:
                rules.append(Rule(re.compile(parts[0]), re.compile(parts[1]), parts[2], parts[3], bool(ways)))
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
        pairs = []
        for pair in _pairs(theirs, ours):
            rule = self._rule_for(sequence, *pair)
            if rule is None:
                pairs.append(pair)
            elif rule.parts:
                break
        return Difference(tuple(pairs)) if pairs else None

    def _rule_for(self, sequence: Sequence, linux: str, exo: str) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if any(map(rule.linux.fullmatch, _texts(sequence, linux))) and any(map(rule.exo.fullmatch, _texts(sequence, exo))):
                self.uses[index] += 1
                return rule
        return None


def _texts(sequence: Sequence, line: str) -> tuple[str, ...]:
    """The line as rules see it: without its call's place, and with the call's arguments."""
    found = _NUMBER.match(line)
    if found is None:
        return (line,)
    rest = line[found.end():]
    name, colon, answer = rest.partition(": ")
    place = int(found[0][1:])
    if not colon or place >= len(sequence.calls):
        return (rest,)
    return rest, f"{name}({_arguments(sequence.calls[place])}): {answer}"


def _arguments(call: Call) -> str:
    words = []
    for argument in call.arguments:
        if isinstance(argument, int):
            words.append(str(argument - (1 << 64) if argument >= 1 << 63 else argument))
        else:
            words.append("*" if isinstance(argument, Buffer) else type(argument).__name__.lower())
    return ", ".join(words)


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
