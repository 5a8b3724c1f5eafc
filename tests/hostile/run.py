#!/usr/bin/python3
"""Sequences made to hurt, on the debug kernel: ./exo test hostile [OPTION]…

Passing means: no panic and no report of a sanitizer (of KASAN, or of KCSAN with --preset kcsan --cpus 4), nothing left over (memory, kernel objects, processes: every batch runs
several times in one machine, and uses no more each time), no stay in the kernel of 3 million instructions without a preemption point,
no turn of process 1 that comes 100 ms late while nobody has a higher priority, and a known program still runs at the end. Sequences that once failed
(kept.jsonl) run first, unless a seed is given.
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

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools"))

from campaign.hostile.hostile import KINDS, Generator  # noqa: E402
from campaign.hostile.judge import Judge  # noqa: E402
from campaign.machines import ending, machine, tally  # noqa: E402
from campaign.sequences import kept, seeds  # noqa: E402
from campaign.sequences.sequence import Sequence  # noqa: E402
from exo.building import build  # noqa: E402

KEPT = os.path.join(HERE, "kept.jsonl")
BATCH = 150
DEFAULT_COUNT = 2100  # about 90 seconds on two cores
DEFAULT_JOBS = 2
# Nanoseconds in the kernel without a preemption point: 3 million instructions by the machine's clock.
LONGEST_STAY = 12_000_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test hostile", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help=f"of the first sequence; the next ones follow it (default: {seeds.DEFAULT})")
    parser.add_argument("--count", type=int, help=f"sequences (default: {DEFAULT_COUNT})")
    parser.add_argument("--kind", help="only of this kind: " + ", ".join(KINDS))
    parser.add_argument("--kept", type=int, metavar="LINE", help="only that one of kept.jsonl")
    parser.add_argument("--time", type=float, metavar="MINUTES", help="go on for so long")
    parser.add_argument("--jobs", type=int, default=DEFAULT_JOBS, metavar="N",
                        help=f"machines at the same time (default: {DEFAULT_JOBS})")
    parser.add_argument("--cpus", type=int, default=1, choices=range(1, 9), metavar="N",
                        help="of each machine, 1 to 8 (default: 1). With several, the host's clock is the machine's, so long stays "
                             "and late turns are not looked for")
    parser.add_argument("--tally", action="store_true", help="run nothing: print what all runs have made together")
    parser.add_argument("--preset", default="debug", help="the kernel's build (default: debug)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs: at least one machine")
    if options.kind is not None and options.kind not in KINDS:
        parser.error(f"--kind: there is no kind {options.kind}; there are {', '.join(KINDS)}")
    return options


def _kept(options: argparse.Namespace) -> list[Sequence]:
    """Errors: ValueError."""
    if options.kept is None and (options.seed is not None or options.kind is not None):
        return []
    sequences = kept.read(KEPT)
    if options.kept is None:
        return sequences
    chosen = [sequence for sequence in sequences if sequence.seed == f"kept {options.kept}"]
    if not chosen:
        raise ValueError(f"--kept: {KEPT} has no sequence in line {options.kept}")
    return chosen


def _batches(generator: Generator, first: int, kept_ones: list[Sequence], options: argparse.Namespace) -> Iterator[list[Sequence]]:
    """Until there are enough, or the time is over. Of a size that all machines have something to do."""
    if kept_ones:
        yield kept_ones
    if options.kept is not None:
        return
    count = options.count or (DEFAULT_COUNT if options.time is None else 1 << 60)
    end = time.monotonic() + 60 * options.time if options.time is not None else None
    size = max(1, min(BATCH, -(-count // options.jobs)))
    for start in range(0, count, size):
        if end is not None and time.monotonic() >= end:
            return
        yield [generator.sequence(first + start + index) for index in range(min(size, count - start))]


def _run(judge: Judge, batches: Iterator[list[Sequence]], sums: tally.Tally, jobs: int) -> None:
    """Keeps `jobs` machines busy."""
    on_their_way: collections.deque = collections.deque()
    begin = last_end = time.monotonic()
    told = 0  # of the failures

    def finish() -> None:
        nonlocal last_end, told
        batch, run = on_their_way.popleft()
        portion = judge.judge(batch, run.result())
        now = time.monotonic()
        portion.seconds, last_end = now - last_end, now
        sums.add(portion)
        for failure in judge.failures[told:]:
            print(f"FAIL  {failure}", flush=True)
        told = len(judge.failures)
        print(f"{judge.total.sequences} sequences, {judge.total.calls} calls, {len(judge.failures)} failures, {now - begin:.0f} s",
              flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for batch in batches:
            on_their_way.append((batch, pool.submit(judge.run, batch)))
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
    kernel.cpus = options.cpus
    if options.cpus == 1:
        kernel.parameters += f" preempt_watchdog={LONGEST_STAY}"
    try:
        machine.build_executor()
        if options.descriptions is None:
            build.ensure_call_table()
        with open(options.descriptions or build.call_table_path(), encoding="utf-8") as file:
            generator = Generator(json.load(file)["calls"], (options.kind,) if options.kind else tuple(KINDS))
        kept_ones = _kept(options)
        sums = tally.Tally("hostile", kernel.path)
    except (machine.BuildError, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    repeats = (f" --kind '{options.kind}'" if options.kind else "") + (f" --cpus {options.cpus}" if options.cpus != 1 else "")
    judge = Judge(kernel, repeats)
    first = options.seed if options.seed is not None else seeds.first(options.time)
    print(f"seeds from {first}", flush=True)
    _run(judge, _batches(generator, first, kept_ones, options), sums, options.jobs)
    total = judge.total.sequences
    print(", ".join(f"{name} {number}" for name, number in sorted(judge.kinds.items())))
    failed = len(judge.failures)
    print(f"{max(total - failed, 0)} passed, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(ending.run(main))
