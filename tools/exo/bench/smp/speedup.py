"""How much faster several CPUs do a whole workload than one, on Debian's kernel and on Exo-OS, by the clock and in pairs."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile

from ... import process
from ...machine import debian_kernel
from ..machine import RunFailed
from . import counts

WORKLOADS = ("hackbench", "compile_graph")
ROUNDS = 3  # of a boot, of which the median counts
TIMES = 5  # a round takes about a second
LIMIT = 120.0  # seconds of a boot
FAILURES = 3  # pairs that may fail and are done again: on a busy host an emulated CPU may starve, and then the kernel hangs
DEFAULT_PAIRS = 9
GOAL = 0.9  # of Linux's


@dataclasses.dataclass
class Speedup:
    """A workload's, in each pair: the time on one CPU divided by that on several."""

    linux: list[float] = dataclasses.field(default_factory=list)
    exo: list[float] = dataclasses.field(default_factory=list)
    seconds: dict[str, list[float]] = dataclasses.field(default_factory=dict)  # by kernel and CPUs

    @property
    def ratios(self) -> list[float]:
        """Exo-OS's speed-up for one of Linux's, pair by pair."""
        return [exo / linux for exo, linux in zip(self.exo, self.linux)]

    def as_json(self) -> dict:
        return {"linux": self.linux, "exo": self.exo, "ratios": self.ratios, "seconds": self.seconds}


def measure(kernel: str, peer: debian_kernel.DebianKernel, cpus: int, pairs: int, workloads: list[str]) -> dict[str, Speedup]:
    """In each pair both kernels run on one and on several CPUs; which of them begins alternates, so that what else the host does falls
    on both. Errors: RunFailed when more than FAILURES pairs fail."""
    found = {name: Speedup() for name in workloads}
    failures = 0
    while (pair := len(found[workloads[0]].exo)) < pairs:
        process.say(f"pair {pair + 1} of {pairs}")
        sides = [("linux", "Linux", peer.path), ("exo", "Exo-OS", kernel)]
        try:
            times = {(side, number): _seconds(path, f"{title} on {number} CPU{'s' if number > 1 else ''}", number, workloads)
                     for side, title, path in (sides if pair % 2 == 0 else reversed(sides)) for number in (1, cpus)}
        except RunFailed as error:
            failures += 1
            if failures > FAILURES:
                raise
            process.say(f"this pair does not count: {error}")
            continue
        for name, entry in found.items():
            for side in ("linux", "exo"):
                one, several = (times[side, number][name] for number in (1, cpus))
                getattr(entry, side).append(round(one / several, 4))
                entry.seconds.setdefault(f"{side} 1", []).append(one)
                entry.seconds.setdefault(f"{side} {cpus}", []).append(several)
    return found


def _seconds(kernel: str, title: str, cpus: int, workloads: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        text = counts.boot(kernel, title, folder, cpus, ROUNDS, workloads, [], TIMES, LIMIT)
    return {operation.name: statistics.median(operation.nanoseconds) / 1e9 for operation in counts.take(text, title, cpus, workloads)}


HEADS = ("workload", "pairs", "Linux", "Exo-OS", "Exo-OS / Linux", "seconds, Linux", "seconds, Exo-OS")


def rows(data: dict) -> list[list[str]]:
    """Of the JSON. A speed-up is the median of the pairs, with the least and the most."""
    cells = []
    for name, entry in data["workloads"].items():
        times = [" → ".join(f"{statistics.median(entry['seconds'][f'{side} {number}']):.2f}" for number in (1, data["cpus"]))
                 for side in ("linux", "exo")]
        cells.append([name, str(len(entry["ratios"])), *(_spread(entry[key]) for key in ("linux", "exo", "ratios")), *times])
    return cells


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def verdict(data: dict) -> str:
    below = [name for name, entry in data["workloads"].items() if statistics.median(entry["ratios"]) < GOAL]
    return (f"below the goal of {GOAL} of Linux's speed-up: {', '.join(below)}" if below
            else f"the goal of {GOAL} of Linux's speed-up is met")
