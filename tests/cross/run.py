#!/usr/bin/python3
"""Random programs on both kernels: ./exo test cross [OPTION]…

Makes sequences of system calls out of the descriptions of all calls, runs each on Linux and on Exo-OS, and compares all that a
program can see: results, errors, bytes, the file tree with its metadata, signals, who waits and who has ended. Each kind of
difference is made as small as possible and printed as a C program for tests/linux.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import json
import os
import sys
import time

import compare
import generate
import machine
import print_c
import shrink
from compare import Difference
from exo import build  # machine made it importable
from sequence import Sequence

BATCH = 1500
DEFAULT_COUNT = 3000
SEEDS = os.path.join(machine.HERE, "seeds.txt")
MOST_SHRUNK = 5


class Found:
    """One kind of difference: the first sequence that showed it, and how many did."""

    def __init__(self, sequence: Sequence, difference: Difference) -> None:
        self.sequence = sequence
        self.difference = difference
        self.count = 1


class Campaign:
    """Runs batches on both kernels and collects what differs."""

    def __init__(self, exo: machine.Kernel, calls: list[dict]) -> None:
        self.linux, self.exo = machine.linux(), exo
        self.comparison = compare.Comparison({call["name"]: call for call in calls}, compare.read_rules())
        self.found: dict[tuple[str, str], Found] = {}
        self.failures: list[str] = []
        self.made: collections.Counter[str] = collections.Counter()
        self.succeeded = 0
        self.sequences = 0

    def run(self, sequences: list[Sequence]) -> None:
        theirs, ours = self._run_both(sequences)
        for index, sequence in enumerate(sequences):
            if index not in theirs or index not in ours:
                continue
            self.sequences += 1
            self.made.update(call.name for call in sequence.calls)
            self.succeeded += compare.successes(theirs[index], len(sequence.calls))
            difference = self.comparison.difference(sequence, theirs[index], ours[index])
            if difference is None:
                continue
            if difference.signature in self.found:
                self.found[difference.signature].count += 1
            else:
                self.found[difference.signature] = Found(sequence, difference)

    def _run_both(self, sequences: list[Sequence]) -> tuple[dict[int, bytes], dict[int, bytes]]:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            both = [pool.submit(self._run_all, kernel, sequences) for kernel in (self.linux, self.exo)]
            return both[0].result(), both[1].result()

    def _run_all(self, kernel: machine.Kernel, sequences: list[Sequence]) -> dict[int, bytes]:
        """Boots again behind a sequence that a machine does not survive."""
        payloads: dict[int, bytes] = {}
        start = 0
        while start < len(sequences):
            run = machine.run(kernel, sequences[start:])
            payloads |= {start + index: payload for index, payload in run.payloads.items()}
            if run.is_complete:
                break
            last = start + len(run.payloads)
            seed = sequences[last].seed if last < len(sequences) else "?"
            self.failures.append(f"{kernel.name}, seed {seed}: {run.end}\n{run.words}")
            start = last + 1
        return payloads

    def waiting_calls(self, sequence: Sequence) -> frozenset[int]:
        """The calls that wait on Linux."""
        payload = machine.run(self.linux, [sequence]).payloads.get(0)
        return compare.waiting_calls(payload) if payload else frozenset()

    def shows(self, sequences: list[Sequence], signature: tuple[str, str]) -> list[bool]:
        theirs, ours = self._run_both(sequences)
        shown = []
        for index, sequence in enumerate(sequences):
            difference = None
            if index in theirs and index in ours:
                difference = self.comparison.difference(sequence, theirs[index], ours[index])
            shown.append(difference is not None and difference.signature == signature)
        return shown


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test cross", description=__doc__, add_help=True,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the first sequence; the next ones follow it (default: the time)")
    parser.add_argument("--count", type=int, help=f"sequences (default: {DEFAULT_COUNT})")
    parser.add_argument("--time", type=float, metavar="MINUTES", help="go on for so long")
    parser.add_argument("--area", default="", help="of " + ", ".join(generate.AREAS) + "; several with commas")
    parser.add_argument("--preset", default="release", help="the kernel's build (default: release)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    parser.add_argument("--no-shrink", action="store_true", help="only list the differences")
    parser.add_argument("--show", type=int, default=MOST_SHRUNK, metavar="N", help="make so many of them small")
    options = parser.parse_args()
    options.areas = tuple(area for area in options.area.split(",") if area) or tuple(generate.AREAS)
    for area in options.areas:
        if area not in generate.AREAS:
            parser.error(f"there is no area {area}; there are {', '.join(generate.AREAS)}")
    return options


def _descriptions(path: str | None) -> list[dict]:
    if path is None:
        build.ensure_call_table()
        path = build.call_table_path()
    with open(path, encoding="utf-8") as file:
        return json.load(file)["calls"]


def _failed_seeds() -> list[int]:
    if not os.path.exists(SEEDS):
        return []
    with open(SEEDS, encoding="utf-8") as file:
        return [int(line.split()[0]) for line in file if line.strip() and not line.startswith("#")]


def main() -> int:
    options = _arguments()
    try:
        machine.build_executor()
        exo = machine.exo(options.kernel or options.preset)
        campaign = Campaign(exo, calls := _descriptions(options.descriptions))
        generator = generate.Generator(calls, options.areas)
    except (machine.BuildError, compare.BadRule, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    first = options.seed if options.seed is not None else int(time.time())
    count = options.count or (DEFAULT_COUNT if options.time is None else 1 << 60)
    print(f"seeds from {first}; areas: {', '.join(options.areas)}", flush=True)
    if options.seed is None and (seeds := _failed_seeds()):
        campaign.run([generator.sequence(seed) for seed in seeds])
    started, done = time.monotonic(), 0
    while done < count and (options.time is None or time.monotonic() - started < 60 * options.time):
        size = min(BATCH, count - done)
        campaign.run([generator.sequence(first + done + index) for index in range(size)])
        done += size
        print(f"{campaign.sequences} sequences, {sum(campaign.made.values())} calls, {len(campaign.found)} kinds of "
              f"difference, {time.monotonic() - started:.0f} s", flush=True)
    return _report(campaign, options)


def _report(campaign: Campaign, options: argparse.Namespace) -> int:
    for failure in campaign.failures:
        print(f"FAIL  {failure}")
    kinds = sorted(campaign.found.items(), key=lambda item: -item[1].count)
    for signature, found in kinds:
        print(f"FAIL  {found.count} times, first seed {found.sequence.seed} ({found.sequence.area})\n{found.difference.text()}")
        call = found.difference.call
        if call is not None and call < len(found.sequence.calls):
            print(f"    call:   {found.sequence.calls[call]}"[:600])
    if not options.no_shrink:
        for signature, found in kinds[:options.show]:
            small = shrink.shrink(found.sequence, lambda candidates, wanted=signature: campaign.shows(candidates, wanted))
            title = " / ".join(part or "(nothing)" for part in signature)
            print(f"\n---- seed {found.sequence.seed}, {len(small.calls)} of {len(found.sequence.calls)} calls\n"
                  f"{print_c.program(small, title, campaign.waiting_calls(small))}")
    calls = sum(campaign.made.values())
    print(f"{campaign.sequences} sequences, {calls} calls, {campaign.succeeded} of them succeeded; "
          f"{len(campaign.made)} different calls, the rarest {min(campaign.made.values(), default=0)} times")
    failed = len(campaign.failures) + len(kinds)
    print(f"{campaign.sequences - failed if campaign.sequences > failed else 0} passed, {failed} failed")
    return 1 if failed or not campaign.sequences else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
