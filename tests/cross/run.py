#!/usr/bin/python3
"""Random programs on both kernels: ./exo test cross [OPTION]…

Makes sequences of system calls out of the descriptions of all calls, runs each on Linux and on Exo-OS, and compares all that a
program can see: results, errors, bytes, the file tree with its metadata, signals, who waits and who has ended. Each kind of
difference is made as small as possible and printed as a C program for tests/linux.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
import time
from collections.abc import Callable, Iterator

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))

from campaign.compare import compare, print_c, shrink  # noqa: E402
from campaign.guide.campaign import Campaign, Started  # noqa: E402
from campaign.guide.guide import Guide  # noqa: E402
from campaign.machines import ending, machine, tally  # noqa: E402
from campaign.rules import generate, lineage, ordered  # noqa: E402
from campaign.sequences import kept, seeds  # noqa: E402
from campaign.sequences.sequence import Sequence  # noqa: E402
from exo.building import build  # noqa: E402
from exo.coverage.counters import Collector, Image  # noqa: E402
from exo.errors import ExoError  # noqa: E402

MOST_IN_BATCH = 3000
MOST_IN_GUIDED_BATCH = 500  # what a batch has found is of use to the one after the next
DEFAULT_COUNT = 1000  # new ones
DEFAULT_JOBS = 2
# The same ones each time: what agrees must go on to agree. Of the areas whose fresh sequences are quiet for long, and of the others.
SETTLED_SEEDS = range(971_470_936, 971_475_936)
FIXED_SEEDS = range(1, 601)
FOUND = os.path.join(machine.BUILD, "found.jsonl")
MOST_SHRUNK = 5


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test cross", description=__doc__, add_help=True,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", help=f"of the first sequence; the next ones follow it (default: {seeds.DEFAULT}). A name like "
                        "20040.77 is one that a guided run has made: only that sequence")
    parser.add_argument("--count", type=int, help=f"sequences (default: {DEFAULT_COUNT}, behind those that are the same in each run: "
                        f"{len(SETTLED_SEEDS)} with the seeds from {SETTLED_SEEDS.start} on, and those of the areas that are not settled)")
    parser.add_argument("--kept", action="store_true", help="only the sequences that once showed a difference (kept.jsonl)")
    parser.add_argument("--time", type=float, metavar="MINUTES", help="go on for so long")
    parser.add_argument("--area", default="", help="of " + ", ".join(generate.AREAS) + "; several with commas (default: all but "
                        + ", ".join(generate.UNSETTLED) + f", of which only the {len(FIXED_SEEDS)} sequences of the seeds from "
                        f"{FIXED_SEEDS.start} are run, as '--area {','.join(generate.UNSETTLED)} --seed {FIXED_SEEDS.start}' makes them)")
    parser.add_argument("--guided", action="store_true",
                        help="on the preset coverage: go on from sequences that reached new code of the kernel")
    parser.add_argument("--jobs", type=int, default=DEFAULT_JOBS, metavar="N",
                        help=f"machines at the same time (default: {DEFAULT_JOBS})")
    parser.add_argument("--cpus", type=int, default=1, choices=range(1, 9), metavar="N",
                        help="of Exo-OS's machine, 1 to 8 (default: 1). With several, the host's clock is the machine's, and only sequences "
                             f"are run of two to {ordered.MOST_TASKS} tasks whose outcome depends neither on it nor on the number of CPUs "
                             "(tools/campaign/rules/ordered.py)")
    parser.add_argument("--preset", help="the kernel's build (default: release; with --guided coverage)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    parser.add_argument("--tally", action="store_true", help="run nothing: print what all runs have made together")
    parser.add_argument("--counters", metavar="FOLDER", help="keep what a kernel of the preset coverage counted (exo test coverage)")
    parser.add_argument("--no-shrink", action="store_true", help="only list the differences")
    parser.add_argument("--show", type=int, default=MOST_SHRUNK, metavar="N", help="make so many of them small")
    options = parser.parse_args()
    if options.kept and (options.seed, options.count, options.time) != (None, None, None):
        parser.error("--kept: runs what is kept, and nothing else")
    if options.jobs < 1:
        parser.error("--jobs: at least one machine")
    if options.seed is not None and not lineage.is_name(options.seed):
        parser.error(f"--seed: {options.seed} is neither a number nor a name like 20040.77")
    if options.cpus > 1 and (options.guided or options.counters):
        parser.error("--cpus: one CPU counts what has run (--guided, --counters)")
    options.preset = options.preset or ("coverage" if options.guided else "release")
    options.areas = (tuple(area for area in options.area.split(",") if area)
                     or tuple(area for area in generate.AREAS if area not in generate.UNSETTLED))
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


def _is_whole(options: argparse.Namespace) -> bool:
    """A run that is told nothing of which sequences it makes, as ./exo test runs it."""
    told = (options.seed, options.count, options.time, options.area or None)
    return not any(told) and not options.guided and not options.kept and options.cpus == 1


def _fixed(calls: list[dict], settled: generate.Generator) -> list[Sequence]:
    sequences = [lineage.sequence(settled, str(seed)) for seed in SETTLED_SEEDS] if settled.areas else []
    unsettled = generate.Generator(calls, generate.UNSETTLED)
    if unsettled.areas:
        sequences += [lineage.sequence(unsettled, str(seed)) for seed in FIXED_SEEDS]
    return sequences


def _batches(make: Callable[[str], Sequence], guide: Guide, options: argparse.Namespace,
             fixed: list[Sequence] | None = None) -> Iterator[list[Sequence]]:
    """Until there are enough, or the time is over. Of a size that all machines have something to do. `fixed` comes before new seeds."""
    if options.seed is not None and "." in options.seed:
        yield [make(options.seed)]
        return
    count = options.count or (DEFAULT_COUNT if options.time is None else 1 << 60)
    most = MOST_IN_GUIDED_BATCH if options.guided else MOST_IN_BATCH
    size = max(1, min(most, -(-count // options.jobs)))
    end = time.monotonic() + 60 * options.time if options.time is not None else None
    if options.seed is None:
        yield [sequence for sequence in kept.read() if options.cpus == 1 or ordered.is_ordered(sequence)]
    if options.kept:
        return
    for start in range(0, len(fixed or []), MOST_IN_BATCH):
        yield fixed[start:start + MOST_IN_BATCH]
    for start in range(0, count, size):
        if end is not None and time.monotonic() >= end:
            return
        yield guide.batch(min(size, count - start))


def _run(campaign: Campaign, batches: Iterator[list[Sequence]], sums: tally.Tally, jobs: int) -> None:
    on_their_way: collections.deque[Started] = collections.deque()
    begin = time.monotonic()

    def finish() -> None:
        sums.add(campaign.finish(on_their_way.popleft()))
        total, reached = campaign.total, len(campaign.guide.reached)
        print(f"{total.sequences} sequences, {total.calls} calls, {len(campaign.found)} kinds of difference, "
              f"{f'{reached} counters reached, ' if reached else ''}{time.monotonic() - begin:.0f} s", flush=True)

    for batch in batches:
        on_their_way.append(campaign.start(batch))
        if len(on_their_way) == jobs:
            finish()
    while on_their_way:
        finish()


def main() -> int:
    options = _arguments()
    if options.tally:
        print(tally.text("cross"))
        return 0
    try:
        machine.build_executor()
        path = options.kernel or machine.image_path(options.preset)
        collector = Collector(Image(path), options.counters) if options.counters else None
        if options.guided:
            Image(path)  # says so if it counts nothing
        exo = machine.exo_image(path, collector)
        exo.cpus = exo.spread_over = options.cpus
        first = int(options.seed.partition(".")[0]) if options.seed is not None else seeds.first(options.time)
        generator = generate.Generator(calls := _descriptions(options.descriptions), options.areas)

        def make(name: str) -> Sequence:
            return lineage.sequence(generator, name)

        guide = Guide(make, first, options.guided, ordered.is_ordered if options.cpus > 1 else None)
        campaign = Campaign(exo, calls, options.jobs, guide)
        sums = tally.Tally("cross", exo.path)
        fixed = _fixed(calls, generator) if _is_whole(options) else []
    except (machine.BuildError, compare.BadRule, ExoError, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    print(f"seeds from {first}; areas: {', '.join(options.areas)}", flush=True)
    _run(campaign, _batches(make, guide, options, fixed), sums, options.jobs)
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
            with open(FOUND, "a", encoding="utf-8") as file:
                file.write(kept.line(small, title) + "\n")
    total = campaign.total
    print(f"{total.sequences} sequences, {total.calls} calls, {sum(total.succeeded.values())} of them succeeded; "
          f"{len(total.made)} different calls, the rarest {min(total.made.values(), default=0)} times")
    failed = len(campaign.failures) + len(kinds)
    print(f"{max(total.sequences - failed, 0)} passed, {failed} failed")
    return 1 if failed or not total.sequences else 0


if __name__ == "__main__":
    sys.exit(ending.run(main))
