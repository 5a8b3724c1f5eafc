#!/usr/bin/python3
"""Sequences made to hurt, on the debug kernel: ./exo test hostile [OPTION]…

Passing means: no panic and no report of a sanitizer, nothing left over (memory, kernel objects, processes: every batch runs
several times in one machine, and uses no more each time), and a known program still runs at the end.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cross"))

import frames  # noqa: E402
import machine  # noqa: E402
from exo import build  # noqa: E402
from hostile import Generator  # noqa: E402
from sequence import Sequence  # noqa: E402

BATCH = 150
ROUNDS = 3
DEFAULT_COUNT = 900
AT_ONCE = 2
# KiB by which two rounds of the same batch may differ: races leave slabs filled in other ways.
SLACK = {"free": 256, "slab": 64, "shared": 0}


class Campaign:
    """Runs batches and judges them."""

    def __init__(self, kernel: machine.Kernel) -> None:
        self.kernel = kernel
        self.failures: list[str] = []
        self.kinds: collections.Counter[str] = collections.Counter()
        self.calls = 0

    def run(self, sequences: list[Sequence]) -> None:
        run = machine.run(self.kernel, sequences * ROUNDS, wants_counts=True)
        self.kinds.update(sequence.area for sequence in sequences)
        self.calls += sum(len(sequence.calls) for sequence in sequences)
        if not run.is_complete:
            last = sequences[len(run.payloads) % len(sequences)]
            self.failures.append(f"seed {last.seed} ({last.area}), in round {len(run.payloads) // len(sequences) + 1} of a batch that "
                                 f"begins with seed {sequences[0].seed}: {run.end}\n{run.words}")
        elif not run.is_alive:
            self.failures.append(f"seeds {sequences[0].seed} to {sequences[-1].seed}: the known program does not run afterwards")
        else:
            self._judge_counts(sequences, run)

    def _judge_counts(self, sequences: list[Sequence], run: machine.Run) -> None:
        """Between the ends of the last two rounds nothing may have gone."""
        size = len(sequences)
        counts = [frames.decode(run.payloads[size * rounds - 1]).counts for rounds in (ROUNDS - 1, ROUNDS)]
        before, after = counts
        lost = {"free": before.free - after.free, "slab": after.slab - before.slab, "shared": after.shared - before.shared}
        problems = [f"{name}: {amount} KiB" for name, amount in lost.items() if amount > SLACK[name]]
        if after.processes != before.processes:
            problems.append(f"processes: {before.processes}, then {after.processes}")
        if problems:
            self.failures.append(f"seeds {sequences[0].seed} to {sequences[-1].seed} leave something behind: {', '.join(problems)}\n"
                                 f"before {before}\nafter  {after}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test hostile", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the first sequence; the next ones follow it (default: the time)")
    parser.add_argument("--count", type=int, help=f"sequences (default: {DEFAULT_COUNT})")
    parser.add_argument("--time", type=float, metavar="MINUTES", help="go on for so long")
    parser.add_argument("--preset", default="debug", help="the kernel's build (default: debug)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    return parser.parse_args()


def main() -> int:
    options = _arguments()
    try:
        machine.build_executor()
        if options.descriptions is None:
            build.ensure_call_table()
        with open(options.descriptions or build.call_table_path(), encoding="utf-8") as file:
            generator = Generator(json.load(file)["calls"])
    except (machine.BuildError, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    campaign = Campaign(machine.exo(options.kernel or options.preset))
    first = options.seed if options.seed is not None else int(time.time())
    count = options.count or (DEFAULT_COUNT if options.time is None else 1 << 60)
    print(f"seeds from {first}", flush=True)
    started, done = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        while done < count and (options.time is None or time.monotonic() - started < 60 * options.time):
            batches = []
            for _ in range(AT_ONCE):
                size = min(BATCH, count - done)
                if size > 0:
                    batches.append([generator.sequence(first + done + index) for index in range(size)])
                done += max(size, 0)
            list(pool.map(campaign.run, batches))
            print(f"{sum(campaign.kinds.values())} sequences, {campaign.calls} calls, {len(campaign.failures)} failures, "
                  f"{time.monotonic() - started:.0f} s", flush=True)
    for failure in campaign.failures:
        print(f"FAIL  {failure}")
    total = sum(campaign.kinds.values())
    print(", ".join(f"{name} {number}" for name, number in sorted(campaign.kinds.items())))
    failed = len(campaign.failures)
    print(f"{max(total - failed, 0)} passed, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
