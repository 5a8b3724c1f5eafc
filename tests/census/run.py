#!/usr/bin/python3
"""Thirty programs of the census in turn: those that docs/census.json calls the same must do the same as on Linux.

usage: run.py [--minutes N] [--kept] [PROGRAM|GROUP|SECTION]…

Without words the sources' bytes choose the thirty, so that one tree always runs the same ones and every change runs others. No
group starts after N minutes (default 3, without the time that a root takes to be made); what is left is named. With --kept, as all
suites have it, only groups count whose root is there already, and the others are named in one line.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from campaign.sequences import seeds  # noqa: E402
from exo import paths  # noqa: E402
from exo.census import catalog, command, page, survey  # noqa: E402
from exo.census.compare import SAME  # noqa: E402
from exo.errors import ExoError  # noqa: E402
from exo.roots import debian  # noqa: E402

SAMPLE = 30
MINUTES = 3.0


def sample(programs: list, number: int, count: int = SAMPLE) -> list:
    """`count` programs that stand beside each other, so that they share few machines; `number` chooses the first."""
    start = number % len(programs) if programs else 0
    return (programs + programs)[start:start + min(count, len(programs))]


def with_roots(programs: list, groups: list) -> list:
    """The programs of groups whose root is kept; says which groups are left out."""
    absent = [group.name for group in groups if not debian.is_kept(group.packages)]
    if absent:
        print(f"not run, because no root is kept for them ('./exo census GROUP' makes one): {', '.join(absent)}")
    return [program for program in programs if program.group not in absent]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="N")
    parser.add_argument("--kept", action="store_true", help="only programs of groups whose root is kept")
    parser.add_argument("--jobs", type=int, default=survey.AT_ONCE, metavar="N", help="machines at a time")
    parser.add_argument("--kernel", default=paths.kernel("release"))
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    passed_before = page.passed_before()
    everything = [program for program in catalog.programs() if program.name in passed_before]
    if options.kept:
        everything = with_roots(everything, catalog.groups())
    if options.words:
        chosen = catalog.choose(options.words, everything)
    else:
        chosen = sample(everything, seeds.first(None))
    counts = [0, 0]

    def tell(program, verdict) -> None:
        is_good = verdict.result == SAME
        counts[0 if is_good else 1] += 1
        print(command.describe(program, verdict) if is_good else f"FAIL {command.describe(program, verdict)}", flush=True)

    run = survey.Survey(options.kernel, catalog.groups(), jobs=options.jobs)
    left = run.run(chosen, tell, time.monotonic() + options.minutes * 60)
    if left:
        print(f"not run, because {options.minutes:g} minutes were over: {', '.join(program.name for program in left)}")
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ExoError as error:
        print(f"census: {error}")
        print("0 passed, 1 failed")
        sys.exit(1)
