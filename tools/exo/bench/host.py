"""`./exo bench host`: core cycles on this processor, of what the hosted build can do without privilege."""

from __future__ import annotations

import dataclasses
import json
import statistics

from .. import paths, process
from ..building import build
from ..errors import ExoError
from ..options import Command, Option, parse
from . import settings

PRESET = "hosted-bench"
PROGRAM = paths.in_build(PRESET, "host_bench")


@dataclasses.dataclass(frozen=True)
class Row:
    """What the specification allows; None where it says nothing."""

    name: str
    title: str
    budget: float | None


ROWS = (
    Row("heap_hit", "heap: allocation and free of 64 B, both from the CPU's own chain", 10),
    Row("heap_slab", "heap: the same 8192 at a time, through the slabs", 60),
    Row("frame", "frame: allocation and free", None),
    Row("switch", "switch routine, there and back", 304),
    Row("run_queue", "run queue: pick and enqueue, 8 threads", None),
    Row("dispatch", "system call: dispatch, decoding, answer", 60),
    Row("verify", "capability: verify, the table's only user", None),
    Row("descriptor", "descriptor to file", None),
    Row("descriptor_shared", "descriptor to file, in a table of two users", None),
    Row("driver", "driver call: one byte to the serial port", 200),
    Row("path_1", "path lookup: /usr", None),
    Row("path_4", "path lookup: /usr/share/doc/exo", None),
)
NOT_THERE = ("message rings between threads and CPUs",)

COMMAND = Command("bench host", "Times on this processor what the kernel's portable part does without privilege.",
                  "[OPTION]…", [Option("--json", "", "print JSON instead of the table")], """
Core cycles for one operation: the median of 21 rounds and their quartiles, with the budget that the specification gives.
The program stays on one processor; the time-stamp counter is fenced, and set against a chain of multiplications to know how
many of its ticks make a core cycle. Operations follow each other, so that a processor overlaps them as it can.
Not in it: what needs privilege, like entry and exit of a system call, CR3, and the instructions that turn interrupts off.
Other machines and other load give other figures: quote none of a single run.""")


@dataclasses.dataclass(frozen=True)
class Figure:
    low: float
    median: float
    high: float


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    settings.check(COMMAND, options)
    build.ensure_preset(PRESET)
    process.say("timing")
    status, text = process.capture([PROGRAM])
    figures, ticks = read(text, status)
    print(json.dumps(_as_json(figures, ticks), indent=1) if options.json else table(figures, ticks))
    return 0


def read(text: str, status: int) -> tuple[dict[str, Figure], Figure]:
    """The figures by name, and the ticks of the counter for a core cycle. Errors: ExoError when any is missing."""
    rounds: dict[str, list[float]] = {}
    lines = text.splitlines()
    if status != 0 or "@@DONE" not in lines:
        raise ExoError(f"the program that times failed with status {status}: {(lines or ['it said nothing'])[-1]}")
    for line in lines:
        words = line.split()
        if words[:1] == ["@@HOST"]:
            rounds.setdefault(words[1], []).append(float(words[2]))
        elif words[:1] == ["@@TICKS"]:
            rounds.setdefault("", []).append(float(words[1]))
    unknown = {row.name for row in ROWS} ^ (rounds.keys() - {""})
    if unknown:
        raise ExoError(f"benches/host and tools/exo/bench/host.py do not agree on {', '.join(sorted(unknown))}")
    figures = {name: Figure(*statistics.quantiles(values, n=4)) for name, values in rounds.items()}
    return figures, figures.pop("")


def verdict(row: Row, figure: Figure) -> str:
    if row.budget is None:
        return ""
    return "met" if figure.median <= row.budget else "missed"


def table(figures: dict[str, Figure], ticks: Figure) -> str:
    width = max(len(row.title) for row in ROWS)
    lines = [f"{'operation':{width}} {'cycles':>8} {'quartiles':>15} {'budget':>7}  verdict"]
    for row in ROWS:
        figure = figures[row.name]
        budget = f"{row.budget:g}" if row.budget is not None else "–"
        lines.append(f"{row.title:{width}} {figure.median:8.1f} {f'{figure.low:.1f} to {figure.high:.1f}':>15} {budget:>7}  "
                     f"{verdict(row, figure)}".rstrip())
    lines += [f"{title:{width}} {'–':>8} {'':15} {'':7}  not there yet" for title in NOT_THERE]
    with_budget = [row for row in ROWS if row.budget is not None]
    met = sum(verdict(row, figures[row.name]) == "met" for row in with_budget)
    lines += ["", f"{met} of {len(with_budget)} budgets met on {processor()}",
              f"core cycles, {ticks.median:.3f} ticks of the time-stamp counter each ({ticks.low:.3f} to {ticks.high:.3f})"]
    return "\n".join(lines)


def processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "an unknown processor"


def _as_json(figures: dict[str, Figure], ticks: Figure) -> dict:
    return {"processor": processor(), "ticks_per_cycle": dataclasses.asdict(ticks),
            "operations": {row.name: {**dataclasses.asdict(figures[row.name]), "budget": row.budget,
                                      "verdict": verdict(row, figures[row.name]) or None} for row in ROWS}}
