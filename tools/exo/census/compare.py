"""What a task did on Exo-OS beside what it did in two runs on Linux."""

from __future__ import annotations

import difflib

from . import masks
from .machine import Outcome

SAME, DIFFERS, UNFIT, NOT_RUN = "same", "differs", "unfit", "not run"
SHOWN_LINES = 12


class Verdict:
    """`result`: one of the words above; `masks`: the kinds that were needed; `why`: what differs, or why there is nothing to compare."""

    def __init__(self, result: str, used: tuple[str, ...] = (), why: str = "") -> None:
        self.result = result
        self.masks = used
        self.why = why


def is_plainly_same(first: Outcome, here: Outcome) -> bool:
    """Whether nothing has to be masked, so that a second run on Linux would tell nothing."""
    return first.status.isdigit() and (first.status, first.output, first.files) == (here.status, here.output, here.files)


def judge(first: Outcome, second: Outcome, here: Outcome, always: tuple[str, ...] = ()) -> Verdict:
    """`first`, `second`: two runs on Linux; `here`: the run on Exo-OS; `always`: kinds that the task masks in each case."""
    if first.status != second.status or not first.status.isdigit():
        return Verdict(UNFIT, why=f"on Linux it ends with {first.status} and with {second.status}")
    kinds = masks.needed(first.output, second.output, tuple(kind for kind in always if kind in masks.KINDS))
    if kinds is None:
        return Verdict(UNFIT, why="its output differs between two runs on Linux, whatever is masked:\n"
                       + _diff(first.output, second.output, "Linux", "Linux again"))
    varying = _varying(first.files, second.files)
    if varying is None:
        return Verdict(UNFIT, why="it leaves other files in two runs on Linux:\n"
                       + _diff(_names(first.files), _names(second.files), "Linux", "Linux again"))
    used = (*kinds, *([masks.CONTENT] if varying or masks.CONTENT in always else []))
    if here.status != first.status:
        return Verdict(DIFFERS, used, f"exit status {here.status}, on Linux {first.status}\n{_tail(here)}")
    if masks.mask(here.output, kinds) != masks.mask(first.output, kinds):
        return Verdict(DIFFERS, used, _diff(masks.mask(first.output, kinds), masks.mask(here.output, kinds), "Linux", "Exo-OS"))
    without = set(_name(line) for line in first.files if _digest(line) != "-") if masks.CONTENT in always else varying
    if _without_content(here.files, without) != _without_content(first.files, without):
        return Verdict(DIFFERS, used, "the files that it leaves:\n" + _diff("\n".join(_without_content(first.files, without)),
                                                                             "\n".join(_without_content(here.files, without)), "Linux", "Exo-OS"))
    return Verdict(SAME, used)


def _name(line: str) -> str:
    return line.split(" ", 4)[4]


def _digest(line: str) -> str:
    return line.split(" ", 4)[3]


def _names(files: list[str]) -> str:
    return "\n".join(_without_content(files, {_name(line) for line in files}))


def _varying(first: list[str], second: list[str]) -> set[str] | None:
    """The files whose content differs; None if not even the names do not."""
    if _names(first) != _names(second):
        return None
    return {_name(one) for one, two in zip(first, second) if one != two}


def _without_content(files: list[str], names: set[str]) -> list[str]:
    result = []
    for line in files:
        kind, mode, size, digest, name = line.split(" ", 4)
        result.append(f"{kind} {mode} - - {name}" if name in names else line)
    return result


def _diff(first: str, second: str, left: str, right: str) -> str:
    lines = list(difflib.unified_diff(first.splitlines(), second.splitlines(), left, right, lineterm="", n=1))
    more = [f"… {len(lines) - SHOWN_LINES} lines more"] if len(lines) > SHOWN_LINES + 1 else []
    return "\n".join([*(line[:300] for line in lines[:SHOWN_LINES]), *more])


def _tail(outcome: Outcome) -> str:
    text = outcome.output.rstrip("\n") or outcome.log
    return "\n".join(line[:300] for line in text.split("\n")[-SHOWN_LINES:])
