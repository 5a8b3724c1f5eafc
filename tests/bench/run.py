#!/usr/bin/python3
"""Fails when an operation of the guest suite needs over 3 % more instructions than it ever did since it was last raised, or
when one of benches/scale grows faster with the number of others than its row allows.

usage: run.py [--kernel FILE] [PATTERN]

PATTERN is a part of an operation's name: only those are reported. The guest suite runs as a whole all the same, because what
ran before changes what an operation finds. benches/baseline.json has its figures; './exo bench baseline' writes it.
"""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from exo import paths  # noqa: E402
from exo.bench import baseline, gate, growth, suite  # noqa: E402
from exo.errors import ExoError  # noqa: E402

GROWTH_ROUNDS = 5


def main(arguments: list[str]) -> int:
    kernel = paths.kernel("release")
    if arguments[:1] == ["--kernel"] and len(arguments) > 1:
        kernel, arguments = arguments[1], arguments[2:]
    if len(arguments) > 1 or arguments[:1] == ["--help"]:
        print(__doc__)
        return 2
    try:
        pattern = arguments[0] if arguments else ""
        counts = [check(kernel, pattern), check_growth(kernel, pattern)]
        passed, failed = (sum(side) for side in zip(*counts))
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


def check_growth(kernel: str, pattern: str) -> tuple[int, int]:
    kinds = [kind for kind in growth.kinds() if pattern in kind.name]
    if not kinds:
        return 0, 0
    run = growth.measure(kernel, "Exo-OS", GROWTH_ROUNDS, [kind.name for kind in kinds] if pattern else [])
    found = growth.of_run(run, kinds)
    failed = 0
    for kind in kinds:
        if kind.name not in found:
            failed += 1
            print(f"FAIL  {kind.name}: it was not measured: {run.missing.get(kind.name, 'no figures')}")
            continue
        exponent = found[kind.name].exponent
        if exponent > kind.limit:
            failed += 1
            print(f"FAIL  {kind.name}: beside {kind.n * 16} others it costs {found[kind.name].added:,.0f} instructions more than "
                  f"alone; the exponent {exponent:.2f} is above {kind.limit} "
                  f"('./exo bench scale --no-linux --only {kind.name} --where' says which functions)")
        elif pattern:
            print(f"ok    {kind.name}: exponent {exponent:.2f}")
    return len(kinds) - failed, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
