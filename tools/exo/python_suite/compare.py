"""What became of a module's tests on Exo-OS beside what became of them on Linux."""

from __future__ import annotations

import json
import re

from ..census.machine import Outcome

SAME, DIFFERS, INTERNET, SLOW, UNFIT = "same", "differs", "internet", "slow", "unfit"
RESULTS = {
    SAME: "each test that can be compared does the same",
    DIFFERS: "a test does something else than on Linux",
    INTERNET: "each of its tests makes an internet socket",
    SLOW: "it takes more than its time on Linux",
    UNFIT: "no test of it can be compared: it is skipped as a whole, or fails, on Linux too",
}
# From the best to the worst: of a test that has several ends (subtests, a tearDown that fails) the worst counts.
KINDS = ("ok", "xfail", "skip", "xpass", "fail", "error")
GOOD = ("ok", "xfail", "skip")
ABSENT = "absent"
PRINTED = "@@PRINTED"
OVER = "124"
# Python has printed the stacks of its threads and ended itself with status 1 (faulthandler).
DUMPED = re.compile(r"Timeout \(\d+:\d\d:\d\d\)!")
STARTED = re.compile(r"^(\w+) \(([\w.]+)\)", re.MULTILINE)
CLASS_SETUP = re.compile(r"(?:setUp|tearDown)(Class|Module) \(([\w.]+)\)")


class Report:
    """What one run says. `tests`: by name the kind and why; `internet`: the tests that made an internet socket, "" for what happened
    outside of tests; `exit`: the module's own, or None where it did not come to its end."""

    def __init__(self, outcome: Outcome) -> None:
        self.status = outcome.status
        self.tests: dict[str, tuple[str, str]] = {}
        self.internet: set[str] = set()
        self.exit: int | None = None
        lines, _, self.printed = outcome.output.partition(f"{PRINTED}\n")
        for line in lines.split("\n"):
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue  # a line that was cut off when its process was killed
        self.log = outcome.log

    def _take(self, event: list) -> None:
        name, kind, *why = event
        if name == "exit":
            self.exit = kind
        elif name == "internet":
            self.internet.add(kind)
        elif name not in self.tests or KINDS.index(kind) > KINDS.index(self.tests[name][0]):
            self.tests[name] = (kind, why[0] if why else "")

    def counts(self) -> dict[str, int]:
        kinds = [kind for kind, _ in self.tests.values()]
        return {"passed": kinds.count("ok") + kinds.count("xfail"), "skipped": kinds.count("skip"),
                "failed": sum(kinds.count(kind) for kind in ("xpass", "fail", "error"))}

    def is_cut_off(self) -> bool:
        """Whether its time was over."""
        return self.exit is None and (self.status == OVER or DUMPED.search(self.printed) is not None)

    def running(self) -> str:
        """The test that was running when there was no more, or ""."""
        found = STARTED.findall(self.printed)
        if self.exit is not None or not found:
            return ""
        name, place = found[-1]
        return place if place.endswith(f".{name}") else f"{place}.{name}"

    def last_words(self) -> str:
        """Why there is no more: how it ended, and in which test."""
        if not self.status.isdigit():
            return self.status
        if self.exit is not None:
            return ""
        how = "its time was over" if self.is_cut_off() else f"it ended with status {self.status}"
        return f"{how} in {self.running()}" if self.running() else how

    def needs_internet(self, test: str) -> bool:
        return test in self.internet or "" in self.internet and CLASS_SETUP.fullmatch(test) is not None


class Verdict:
    """`compared`: how many tests; `differing`: by test what it does on Linux, what it does here, and why, as its exception says it."""

    def __init__(self, result: str, linux: Report, here: Report | None, compared: int = 0,
                 differing: dict[str, tuple[str, str, str]] | None = None) -> None:
        self.result = result
        self.linux = linux
        self.here = here
        self.compared = compared
        self.differing = differing or {}


def judge(linux: Report, here: Report, again: Report | None = None) -> Verdict:
    """`again`: a second run on Linux; what differs between the two runs there says nothing of us."""
    if linux.is_cut_off():
        return Verdict(SLOW, linux, here)
    setups = [match[2] for name in here.tests if (match := CLASS_SETUP.fullmatch(name))] if "" in linux.internet else []
    comparable = {name: kind for name, (kind, _) in linux.tests.items()
                  if kind in GOOD and not linux.needs_internet(name) and not any(name.startswith(f"{place}.") for place in setups)
                  and (again is None or again.tests.get(name, (ABSENT,))[0] == kind)}
    if here.running() in linux.internet:
        # Without its socket that test has hung or ended the module; of those behind it nothing is known.
        comparable = {name: kind for name, kind in comparable.items() if name in here.tests}
    words = here.last_words()
    differing = {}
    for name, kind in comparable.items():
        found, why = here.tests.get(name, (ABSENT, words))
        if found != kind:
            differing[name] = (kind, found, why)
    for name, (kind, why) in here.tests.items():
        if kind not in GOOD and name not in linux.tests and not linux.needs_internet(name):
            differing[name] = (ABSENT, kind, why)
    if not linux.tests and linux.exit is not None and here.exit != linux.exit:
        differing["the module"] = (f"exit {linux.exit}", f"exit {here.exit}", words or _last_line(here.printed))
    if differing:
        return Verdict(DIFFERS, linux, here, len(comparable), differing)
    if comparable or not linux.tests and linux.exit == 0:
        return Verdict(SAME, linux, here, len(comparable))
    passing = [name for name, (kind, _) in linux.tests.items() if kind in GOOD]
    return Verdict(INTERNET if passing else UNFIT, linux, here)


def _last_line(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    return lines[-1][:300] if lines else ""
