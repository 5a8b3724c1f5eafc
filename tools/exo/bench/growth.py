"""How the cost of one operation grows with the number of others beside it: exponents, and what they may be."""

from __future__ import annotations

import dataclasses
import math

from . import guest, suite

PROGRAM = guest.Program("scale", headers=("guest/bench.h", "guest/program.h"))
STEPS = (0, 1, 4, 16)  # each row is measured beside so many times its n

LIMIT = 0.22  # what grows with the logarithm of the number stays below: 14 steps in a tree, then 12, less what the empty case costs
LINEAR_LIMIT = 1.1  # for operations that touch each of the others by their nature
# What an operation costs beyond the empty case is lost in noise below these: a few instructions more or less, which the
# state of a cache of the kernel's makes, are no growth. It counts as that much then.
FLOOR_INSTRUCTIONS = 400
FLOOR_SHARE = 0.03  # of the empty case


@dataclasses.dataclass(frozen=True)
class Kind:
    """A row of benches/scale: `linear` says why it may be so, and is empty where it may not."""

    name: str
    n: int
    linear: str

    @property
    def limit(self) -> float:
        return LINEAR_LIMIT if self.linear else LIMIT

    def operation(self, step: int) -> str:
        """What the program calls the row beside `step` times n others."""
        return f"{self.name}@{step * self.n}"


@dataclasses.dataclass(frozen=True)
class Growth:
    """Instructions of one operation beside 0, n, 4n and 16n others."""

    costs: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """x, where the cost beyond the empty case grows as the x-th power of the number from 4n to 16n."""
        empty, _, at_4n, at_16n = self.costs
        floor = max(FLOOR_INSTRUCTIONS, FLOOR_SHARE * empty)
        return math.log(max(at_16n - empty, floor) / max(at_4n - empty, floor), STEPS[3] / STEPS[2])

    @property
    def added(self) -> float:
        """What 16n others add."""
        return self.costs[3] - self.costs[0]


@dataclasses.dataclass(frozen=True)
class Row:
    kind: Kind
    linux: Growth | None
    exo: Growth | None

    @property
    def grows_too_fast(self) -> bool:
        return self.exo is not None and self.exo.exponent > self.kind.limit


def kinds() -> list[Kind]:
    """All rows, in the order in which they are measured."""
    found = []
    for line in guest.listing(PROGRAM):
        name, n, linear = line.split(" ", 2)
        found.append(Kind(name, int(n), linear))
    return found


def of_run(run: suite.Run, known: list[Kind]) -> dict[str, Growth]:
    """By row, those that the run has. The cheapest round counts: what the others execute beyond it (an interrupt, a cache
    that is filled again) happens now and then, however many others there are."""
    return {kind.name: Growth(tuple(float(_cheapest(run.operations[kind.operation(step)])) for step in STEPS))
            for kind in known if all(kind.operation(step) in run.operations for step in STEPS)}


def _cheapest(operation: suite.Operation) -> int:
    return min(region.instructions for region in operation.regions)


def measure(kernel: str, title: str, rounds: int, only: list[str], stacks: str | None = None) -> suite.Run:
    return suite.run(kernel, title, rounds, only, stacks, PROGRAM)
