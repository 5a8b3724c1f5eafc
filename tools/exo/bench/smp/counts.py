"""One run of the suite for several CPUs on Exo-OS: what its lines say, joined with what the plugin counted."""

from __future__ import annotations

import dataclasses
import fnmatch
import glob
import json
import os
import statistics
import tempfile
import time
from typing import Callable, NamedTuple

from ... import paths
from ...errors import ExoError
from .. import guest, machine, plugin, symbols
from . import places

PROGRAM = guest.Program("smp", headers=("guest/program.h",))
PLUGIN_SOURCES = (*glob.glob(paths.in_root("tools", "qemu_smp_plugin", "*.c")), paths.in_root("tools", "qemu_plugin", "decode.c"),
                  paths.in_root("tools", "qemu_plugin", "table.c"))
PLUGIN = paths.in_build("bench", "exo-smp-counts.so")
MAX_CPUS = 8  # of `exo run --cpus`
SILENCE_LIMIT = 600.0  # seconds of the host's time: an operation's rounds end without a word
WHOLE_LIMIT = 1800.0  # seconds for all operations of a machine: a kernel that hangs may print complaints for ever


class Written(NamedTuple):
    """How often one instruction of one CPU took a line (or waited for a lock) in a round."""

    kind: str  # "transfer" or "contended"
    cpu: int
    key: int  # the line's physical address, or the lock's
    address: int  # the virtual one
    instruction: int
    count: int


@dataclasses.dataclass
class Operation:
    """An operation on one number of CPUs: the plugin's counts of each round, as sums over the CPUs."""

    name: str
    count: int  # operations in a round, of all workers together
    nanoseconds: list[int] = dataclasses.field(default_factory=list)
    regions: list[dict[str, int]] = dataclasses.field(default_factory=list)
    written: list[list[Written]] = dataclasses.field(default_factory=list)

    def metric(self, name: str) -> "Metric":
        count = METRICS[name]
        return Metric.of([count(region) / self.count for region in self.regions])


@dataclasses.dataclass(frozen=True)
class Metric:
    """A count for one operation: the median of the rounds, the least and the most."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: list[float]) -> "Metric":
        return Metric(*(round(value, 4) for value in (statistics.median(values), min(values), max(values))))


# What is said of an operation, from a region's sums. Waiting and idle time is in "waiting" alone.
METRICS: dict[str, Callable[[dict[str, int]], float]] = {
    "instructions": lambda region: region["kernel"] + region["user"],
    "kernel": lambda region: region["kernel"],
    "user": lambda region: region["user"],
    "busiest": lambda region: region["busiest"],
    "waiting": lambda region: region["waiting"] + region["idle"],
    "locked": lambda region: region["locked"],
    "timer": lambda region: region["timer"],
    "sent": lambda region: region["requests"] + region["wakes"],
    "devices": lambda region: region["devices"],
    "exceptions": lambda region: region["exceptions"],
    "lines": lambda region: region["transfers"] + region["waiting_transfers"],
    "contended": lambda region: region["contended"],
    "slept": lambda region: region["slept"],
}


def operations(pattern: str | None = None) -> list[str]:
    """The names of all operations, or of those that `pattern` names: a part of a name, or a wildcard of the shell's.

    Errors: ExoError when there is none.
    """
    known = guest.listing(PROGRAM)
    if pattern is None:
        return known
    found = [name for name in known if pattern in name or fnmatch.fnmatchcase(name, pattern)]
    if not found:
        raise ExoError(f"--filter: no operation's name has {pattern} in it; there are {', '.join(known)}")
    return found


def build_plugin() -> str:
    return plugin.compile(PLUGIN, sorted(PLUGIN_SOURCES))


def arguments(out: str, places_file: str | None = None) -> list[str]:
    """QEMU's arguments for counting into the file `out`, and into lines_path(out)."""
    for path in (PLUGIN, out, places_file or ""):
        if "," in path:
            raise ExoError(f"QEMU would take the comma in {path} for the end of a name")
    return ["-plugin", f"{build_plugin()},out={out}" + (f",places={places_file}" if places_file else "")]


def lines_path(out: str) -> str:
    return f"{out}.lines"


def read(out: str) -> list[dict[str, int]]:
    """For each region the sums over the CPUs. Errors: ExoError when the file is not the plugin's."""
    try:
        with open(out, encoding="ascii") as file:
            regions = [json.loads(line) for line in file]
        return [{name: value if name == "region" else sum(value) for name, value in region.items()} | {"busiest": _busiest(region)}
                for region in regions]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExoError(f"{out}: not what the QEMU plugin writes: {error}") from None


def _busiest(region: dict[str, list[int]]) -> int:
    """The instructions of the CPU that executed most of them."""
    return max(kernel + user for kernel, user in zip(region["kernel"], region["user"]))


def read_written(out: str) -> dict[int, list[Written]]:
    """By region. Errors: ExoError when the file is not the plugin's."""
    found: dict[int, list[Written]] = {}
    try:
        with open(lines_path(out), encoding="ascii") as file:
            for line in file:
                region, kind, cpu, key, address, instruction, count = line.split()
                found.setdefault(int(region, 16), []).append(
                    Written(kind, int(cpu), int(key, 16), int(address, 16), int(instruction, 16), int(count)))
    except (OSError, ValueError) as error:
        raise ExoError(f"{lines_path(out)}: not what the QEMU plugin writes: {error}") from None
    return found


def run(kernel: str, cpus: int, rounds: int, wanted: list[str]) -> dict[str, Operation]:
    """Counts the operations on so many CPUs of Exo-OS. Errors: ExoError when anything but all of them came out."""
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        out, places_file = os.path.join(folder, "counts"), os.path.join(folder, "places")
        with open(places_file, "w", encoding="ascii") as file:
            file.write(places.text(symbols.of_elf(kernel), symbols.of_elf(PROGRAM.build())))
        text = boot(kernel, f"Exo-OS on {cpus} CPUs", folder, cpus, rounds, wanted, arguments(out, places_file))
        found = take(text, f"Exo-OS on {cpus} CPUs", cpus, wanted)
        return join(found, read(out), read_written(out))


def boot(kernel: str, title: str, folder: str, cpus: int, rounds: int, wanted: list[str], extra: list[str], times: int = 1,
         limit: float = WHOLE_LIMIT) -> str:
    """Runs the machine in real time to its end, and returns what the suite said. `times`: how often a round does its operations;
    `limit`: the seconds that it may take. Errors: RunFailed."""
    initramfs, log = os.path.join(folder, "initramfs"), os.path.join(folder, "log")
    with open(initramfs, "wb") as file:
        file.write(PROGRAM.image())
    words = f"rounds={rounds} times={times} operations={','.join(wanted)}"
    command = machine.command(kernel, initramfs, f"file:{log}", words, extra, clock=(), cpus=cpus)
    end = time.monotonic() + limit
    text = machine.run(command, log, title, lambda said: time.monotonic() > end, SILENCE_LIMIT)
    if time.monotonic() > end and "@@DONE" not in text:
        raise machine.RunFailed(f"{title} did not end within {limit:.0f} s{machine.last_words(text)}", text)
    return text


def take(text: str, title: str, cpus: int, wanted: list[str]) -> list[Operation]:
    """The operations that the suite's lines tell, in their order. Errors: ExoError when one failed or is not there."""
    found: dict[str, Operation] = {}
    is_done, seen_cpus = False, 0
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "@@FAIL":
            raise ExoError(f"{title}: an operation failed its proof, so nothing is reported: {rest}")
        if kind == "@@CPUS":
            seen_cpus = int(rest)
        elif kind == "@@OP":
            name, _, count, nanoseconds = rest.split()
            found.setdefault(name, Operation(name, int(count))).nanoseconds.append(int(nanoseconds))
        is_done = is_done or kind == "@@DONE"
    if not is_done:
        after = f" (the last operation that it did: {list(found)[-1]})" if found else ""
        raise ExoError(f"{title}: the suite did not come to its end{after}{machine.last_words(text)}")
    if seen_cpus != cpus:
        raise ExoError(f"{title}: the program saw {seen_cpus} CPUs, not {cpus}")
    if missing := [name for name in wanted if name not in found]:
        raise ExoError(f"{title}: nothing was measured of {', '.join(missing)}")
    return list(found.values())


def join(found: list[Operation], regions: list[dict[str, int]], written: dict[int, list[Written]]) -> dict[str, Operation]:
    """Gives each operation its regions. Errors: ExoError when the plugin counted another number of them."""
    rounds = sum(len(operation.nanoseconds) for operation in found)
    if [region.get("region") for region in regions] != list(range(rounds)):
        raise ExoError(f"{rounds} rounds, but the plugin counted {len(regions)} regions")
    at = 0
    for operation in found:
        for _ in operation.nanoseconds:
            operation.regions.append(regions[at])
            operation.written.append(written.get(at, []))
            at += 1
    return {operation.name: operation for operation in found}
