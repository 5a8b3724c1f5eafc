"""The differences from Linux that are declared.

accepted.txt: a test, a line on Linux, the line here, the reason. later.txt: whole tests of what is not there yet; such a
test has to differ, and fails as soon as it does not, so that nothing stays in the list.
"""

from __future__ import annotations

import os

import machine
import programs

LATER = os.path.join(programs.HERE, "later.txt")
PATH = os.path.join(programs.HERE, "accepted.txt")


def _declared() -> list[list[str]]:
    with open(PATH, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
    return [[part.strip() for part in line.split(" | ")] for line in lines]


def adapt(name: str, answer: machine.Result) -> machine.Result:
    """What a test has to give here: Linux's answer, with the declared lines exchanged."""
    lines = answer.output.splitlines()
    for test, there, here, _reason in _declared():
        if test == name:
            if there not in lines:
                raise SystemExit(f"{PATH}: Linux does not print this line in {name}: {there}")
            lines = [here if line == there else line for line in lines]
    return machine.Result(answer.status, "".join(line + "\n" for line in lines) if lines != answer.output.splitlines()
                          else answer.output)


def later() -> set[str]:
    with open(LATER, encoding="utf-8") as file:
        return {line.partition(":")[0] for line in file if line.strip() and not line.startswith("#")}
