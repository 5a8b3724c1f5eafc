"""One run of the guest suite on one kernel: what its lines say, joined with what the plugin counted."""

from __future__ import annotations

import dataclasses
import os
import statistics
import tempfile

from ..errors import ExoError
from . import guest, machine, plugin

DEFAULT_ROUNDS = 5
MAX_ROUNDS = 64  # of the suite itself
# Around what the guest counts, each region has the reading of the counter and perhaps a page fault on its variable.
ROUND_EDGES = 2000
TOLERANCE = 0.001
# Beside a ratio of instructions stand the things that cost more on hardware than the instruction that they are.
EVENTS = ("syscall", "iret", "cr3", "invlpg", "swapgs", "wrmsr", "locked", "xsave", "xrstor")


@dataclasses.dataclass
class Operation:
    """What was measured of one operation: its rounds by the guest's own counter, and each as the plugin saw it."""

    name: str
    count: int  # operations in a round
    rounds: list[int] = dataclasses.field(default_factory=list)
    regions: list[plugin.RegionCounts] = dataclasses.field(default_factory=list)
    overhead: float = 0.0  # the program's own work in each operation

    @property
    def median(self) -> plugin.RegionCounts:
        """The median of the rounds with the fewest returns from faults and interrupts. Into how many rounds a timer interrupt falls
        depends on when the operation began, so on how long the boot took. Of an even number the lower: a round that there was, so that
        its events belong to it."""
        fewest = min(region.iret for region in self.regions)
        quiet = [region for region in self.regions if region.iret == fewest]
        counted = [region.instructions for region in quiet]
        return quiet[counted.index(statistics.median_low(counted))]

    @property
    def instructions(self) -> float:
        """For one operation, in the median round, without the overhead. Idle time is not in it, as it is in the guest's
        counter, which goes on while the processor sleeps."""
        return self.median.instructions / self.count - self.overhead

    @property
    def events(self) -> dict[str, float]:
        """For one operation, in the median round."""
        return {event: getattr(self.median, event) / self.count for event in EVENTS}

    def disagreement(self) -> str | None:
        """Both counted the same instructions: where they differ, one of them is wrong, and nothing may be said."""
        for guest_count, region in zip(self.rounds, self.regions):
            if not region.hlt and abs(region.instructions - guest_count) > ROUND_EDGES + guest_count * TOLERANCE:
                return f"{guest_count} instructions by the guest's counter, {region.instructions} by the plugin"
        return None


@dataclasses.dataclass
class Run:
    """All operations, in the order in which they ran, and those that the kernel does not have."""

    operations: dict[str, Operation]
    missing: dict[str, str]  # and why

    @property
    def names(self) -> list[str]:
        return [*self.operations, *self.missing]

    def require(self, name: str, title: str) -> Operation:
        """Errors: ExoError when the kernel does not have the operation."""
        if name in self.missing:
            raise ExoError(f"{title} does not support {name}: {self.missing[name]}")
        return self.operations[name]


class Console:
    """Takes the suite's lines apart (benches/guest/bench.h says what they mean)."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.overheads: dict[str, float] = {}
        self.missing: dict[str, str] = {}
        self.order: list[str] = []  # of the regions
        self.is_done = False
        self.failure: str | None = None
        self.last: str | None = None

    def take(self, text: str) -> "Console":
        for line in text.splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "@@OP":
                self._take_round(rest.split())
            elif kind == "@@OVERHEAD":
                name, instructions = rest.split()
                self.overheads[name] = float(instructions)
            elif kind == "@@NONE":
                name, _, reason = rest.partition(" ")
                self.missing[name], self.last = reason, name
            elif kind == "@@FAIL":
                self.failure = self.failure or rest
            elif kind == "@@DONE":
                self.is_done = True
        return self

    def _take_round(self, words: list[str]) -> None:
        name, _, count, instructions = words
        operation = self.operations.setdefault(name, Operation(name, int(count)))
        operation.rounds.append(int(instructions))
        self.order.append(name)
        self.last = name


def words(rounds: int, only: list[str]) -> str:
    """For the kernel's command line, which hands them on to the suite."""
    return f"rounds={rounds}" + (f" operations={','.join(only)}" if only else "")


def run(kernel: str, title: str, rounds: int = DEFAULT_ROUNDS, only: list[str] | None = None,
        stacks: str | None = None, program: guest.Program = guest.SUITE) -> Run:
    """Boots `kernel` with the suite (or another `program` that speaks as it does) and counts. `title` names the kernel
    in messages; `stacks`: a file that gets the call stacks of every region.

    Errors: ExoError in one line when anything but the whole suite came out.
    """
    only = only or []
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        out = os.path.join(folder, "counts")
        arguments = plugin.arguments(out, plugin.ALL_REGIONS if stacks else None)
        try:
            text = machine.boot(kernel, program.image(), words(rounds, only), title, arguments)
        except machine.RunFailed as error:
            raise ExoError(f"{error}{_after(Console().take(error.log))}") from None
        if stacks:
            os.replace(plugin.stacks_path(out), stacks)
        return join(text, plugin.read(out), title, only if program is guest.SUITE else [])


def _after(console: Console) -> str:
    return f" (the last operation that it did: {console.last})" if console.last else ""


def join(text: str, regions: list[plugin.RegionCounts], title: str, only: list[str]) -> Run:
    """Errors: ExoError when an operation failed its proof, the suite did not end, or counts are missing."""
    try:
        console = Console().take(text)
        for name, instructions in console.overheads.items():
            console.operations[name].overhead = instructions
    except (ValueError, KeyError):
        raise ExoError(f"{title}: the console was damaged: a line of the suite cannot be read") from None
    if console.failure:
        raise ExoError(f"{title}: an operation failed its proof, so nothing is reported: {console.failure}")
    if not console.is_done:
        raise ExoError(f"{title}: the suite did not come to its end{_after(console)}{machine.last_words(text)}")
    if [region.region for region in regions] != list(range(len(console.order))):
        raise ExoError(f"{title}: {len(console.order)} rounds, but the plugin counted {len(regions)} regions")
    for name, region in zip(console.order, regions):
        console.operations[name].regions.append(region)
    for name, operation in console.operations.items():
        if problem := operation.disagreement():
            raise ExoError(f"{title}: {name}: {problem}")
    absent = set(only) - set(console.operations) - set(console.missing)
    if absent or not (console.operations or console.missing):
        raise ExoError(f"{title}: nothing was measured of {', '.join(sorted(absent)) or 'any operation'}")
    return Run(console.operations, console.missing)
