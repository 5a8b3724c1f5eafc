#!/usr/bin/python3
"""Fails when an operation of the guest suite needs over 3 % more instructions than it ever did since it was last raised.

usage: run.py [--kernel FILE] [PATTERN]

PATTERN is a part of an operation's name: only those are reported. The suite runs as a whole all the same, because what ran
before changes what an operation finds. benches/baseline.json has the figures; './exo bench baseline' writes it.
"""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from exo import paths  # noqa: E402
from exo.bench import baseline, gate, suite  # noqa: E402
from exo.errors import ExoError  # noqa: E402


def main(arguments: list[str]) -> int:
    kernel = paths.kernel("release")
    if arguments[:1] == ["--kernel"] and len(arguments) > 1:
        kernel, arguments = arguments[1], arguments[2:]
    if len(arguments) > 1 or arguments[:1] == ["--help"]:
        print(__doc__)
        return 2
    try:
        passed, failed = check(kernel, arguments[0] if arguments else "")
    except ExoError as error:
        print(error)
        passed, failed = 0, 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def check(kernel: str, pattern: str) -> tuple[int, int]:
    best = baseline.best(baseline.history())
    verdicts = [verdict for verdict in gate.judge(suite.run(kernel, "Exo-OS"), best) if pattern in verdict.name]
    dearer = [verdict.name for verdict in verdicts if verdict.is_dearer]
    found = gate.profiles(kernel, dearer) if dearer else {}
    for verdict in verdicts:
        if verdict.problem:
            print(f"FAIL  {verdict.name}: {verdict.problem}")
        elif verdict.remark or pattern:
            print(f"ok    {verdict.name}{': ' + verdict.remark if verdict.remark else ''}")
        if verdict.name in found:
            print("\n".join(gate.differences(best[verdict.name], found[verdict.name][1])))
    failed = sum(verdict.problem is not None for verdict in verdicts)
    return len(verdicts) - failed, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
