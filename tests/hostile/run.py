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
from collections.abc import Iterator

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cross"))

import frames  # noqa: E402
import machine  # noqa: E402
import tally  # noqa: E402
from exo import build  # noqa: E402
from hostile import Generator  # noqa: E402
from sequence import Sequence  # noqa: E402

BATCH = 150
ROUNDS = 3
DEFAULT_COUNT = 900
DEFAULT_JOBS = 2
# KiB by which two rounds of the same batch may differ: races leave slabs filled in other ways.
SLACK = {"free": 256, "slab": 64, "shared": 0}


class Campaign:
    """Runs batches and judges them."""

    def __init__(self, kernel: machine.Kernel) -> None:
        self.kernel = kernel
        self.failures: list[str] = []
        self.kinds: collections.Counter[str] = collections.Counter()
        self.total = tally.Portion()

    def run(self, sequences: list[Sequence]) -> machine.Run:
        return machine.run(self.kernel, sequences * ROUNDS, wants_counts=True)

    def judge(self, sequences: list[Sequence], run: machine.Run) -> tally.Portion:
        """What the batch adds to the sums."""
        portion, failures = tally.Portion(), len(self.failures)
        portion.sequences = len(sequences)
        for sequence in sequences:
            self.kinds[sequence.area] += 1
            portion.made.update(call.name for call in sequence.calls)
        self._judge_end(sequences, run)
        portion.failures = len(self.failures) - failures
        self.total.add(portion)
        return portion

    def _judge_end(self, sequences: list[Sequence], run: machine.Run) -> None:
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
    parser.add_argument("--jobs", type=int, default=DEFAULT_JOBS, metavar="N",
                        help=f"machines at the same time (default: {DEFAULT_JOBS})")
    parser.add_argument("--tally", action="store_true", help="run nothing: print what all runs have made together")
    parser.add_argument("--preset", default="debug", help="the kernel's build (default: debug)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs: at least one machine")
    return options


def _batches(generator: Generator, first: int, options: argparse.Namespace) -> Iterator[list[Sequence]]:
    """Until there are enough, or the time is over."""
    count = options.count or (DEFAULT_COUNT if options.time is None else 1 << 60)
    end = time.monotonic() + 60 * options.time if options.time is not None else None
    for start in range(0, count, BATCH):
        if end is not None and time.monotonic() >= end:
            return
        yield [generator.sequence(first + start + index) for index in range(min(BATCH, count - start))]


def _run(campaign: Campaign, batches: Iterator[list[Sequence]], sums: tally.Tally, jobs: int) -> None:
    """Keeps `jobs` machines busy."""
    on_their_way: collections.deque = collections.deque()
    begin = last_end = time.monotonic()

    def finish() -> None:
        nonlocal last_end
        batch, run = on_their_way.popleft()
        portion = campaign.judge(batch, run.result())
        now = time.monotonic()
        portion.seconds, last_end = now - last_end, now
        sums.add(portion)
        print(f"{campaign.total.sequences} sequences, {campaign.total.calls} calls, {len(campaign.failures)} failures, "
              f"{now - begin:.0f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for batch in batches:
            on_their_way.append((batch, pool.submit(campaign.run, batch)))
            if len(on_their_way) == jobs:
                finish()
        while on_their_way:
            finish()


def main() -> int:
    options = _arguments()
    if options.tally:
        print(tally.text("hostile"))
        return 0
    kernel = machine.exo_image(options.kernel) if options.kernel else machine.exo(options.preset)
    try:
        machine.build_executor()
        if options.descriptions is None:
            build.ensure_call_table()
        with open(options.descriptions or build.call_table_path(), encoding="utf-8") as file:
            generator = Generator(json.load(file)["calls"])
        sums = tally.Tally("hostile", kernel.path)
    except (machine.BuildError, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    campaign = Campaign(kernel)
    first = options.seed if options.seed is not None else int(time.time())
    print(f"seeds from {first}", flush=True)
    _run(campaign, _batches(generator, first, options), sums, options.jobs)
    for failure in campaign.failures:
        print(f"FAIL  {failure}")
    total = campaign.total.sequences
    print(", ".join(f"{name} {number}" for name, number in sorted(campaign.kinds.items())))
    failed = len(campaign.failures)
    print(f"{max(total - failed, 0)} passed, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
