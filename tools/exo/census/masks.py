"""What may differ between two runs of one task, by kind, and why.

A mask is used only where two runs on Linux differ without it, or where the task says that it always differs.
"""

from __future__ import annotations

import itertools
import re

MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"


class Kind:
    """`pattern` becomes `word` in each line; `reason` says why programs print such things."""

    def __init__(self, name: str, reason: str, word: str, *patterns: str) -> None:
        self.name = name
        self.reason = reason
        self._word = word
        self._patterns = [re.compile(pattern) for pattern in patterns]

    def apply(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(self._word, text)
        return text


# From the narrowest to the widest.
KINDS = {kind.name: kind for kind in (
    Kind("times", "the clock of the machine goes on: dates, times of day, and how long something took", "TIME",
         rf"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?(?:\d{{1,2}} (?:{MONTHS})[a-z]*|(?:{MONTHS})[a-z]* +\d{{1,2}}),?"
         r"(?: +\d\d:\d\d(?::\d\d)?)?(?: UTC| [+-]\d{4})?(?: \d{4})?(?: [AP]M)?(?: UTC)?",
         r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T_ -]?\d\d:?\d\d(?::?\d\d)?(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?", r"\b20\d{12}Z?\b",
         r"\b\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?\b", r"\b1[67]\d{8}(?:\.\d+)?\b", r"\b\d+(?:\.\d+)? ?(?:milliseconds|seconds|secs?|msecs?|ms|us|µs|ns|s)\b",
         r"\b\d+(?:\.\d+)?[kKMG]?(?:i?B|bytes)/s(?:ec)?\b"),
    Kind("identities", "the program draws a number that nobody else has: UUIDs, keys, digests of such things", "IDENTITY",
         r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", r"\b(?:[0-9a-f]{2}:){5,}[0-9a-f]{2}\b",
         r"\bSHA256:[A-Za-z0-9+/]{43}", r"\b[0-9a-fA-F]{32,}\b",
         r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,31}\b"),
    Kind("names", "the name of a temporary file is drawn", "NAME",
         r"/tmp/[A-Za-z0-9_.-]*[A-Za-z0-9_/.-]*", r"\b(?:tmp|temp)[A-Za-z0-9_.]{4,}"),
    Kind("addresses", "addresses of memory are drawn for each process", "ADDRESS", r"\b0x[0-9a-fA-F]+\b", r"\b[0-9a-f]{12,16}\b"),
    Kind("pids", "processes have other numbers, which also depend on how many came before", "PID",
         r"(?i)(?<=pid )\d+", r"(?i)(?<=pid=)\d+", r"(?i)(?<=pid: )\d+", r"(?<=\[)\d+(?=\])", r"(?<===)\d+(?===)", r"(?i)(?<=process )\d+"),
    Kind("numbers", "sizes, counters and random numbers of the machine or of the program", "N", r"\d+(?:\.\d+)?"),
    Kind("tokens", "the program draws text: passwords, keys, signatures", "TOKEN", r"[A-Za-z0-9+/=_.$-]{20,}"),
)}
WIDE = ("numbers", "tokens")
CONTENT = "content"
CONTENT_REASON = "what the file holds has the time, a drawn number or a process's number in it; its name, kind and mode are compared"


def mask(text: str, kinds: tuple[str, ...]) -> str:
    for name in kinds:
        text = KINDS[name].apply(text)
    return text


def needed(first: str, second: str, always: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """The kinds with which two texts are the same: as few as may be, and a wide one only where all narrow ones are not enough. None if
    nothing is enough."""
    others = [name for name in KINDS if name not in always]
    choices = [kinds for count in range(len(others) + 1) for kinds in itertools.combinations(others, count)]
    for kinds in sorted(choices, key=lambda kinds: (sum(name in WIDE for name in kinds), len(kinds))):
        chosen = tuple(name for name in KINDS if name in kinds or name in always)
        if mask(first, chosen) == mask(second, chosen):
            return chosen
    return None
