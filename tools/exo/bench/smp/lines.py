"""Which lines of memory an operation takes from one CPU to another, who writes them, and which locks are waited for."""

from __future__ import annotations

import collections
import dataclasses

from ..symbols import Symbols
from .counts import Operation, Written

WRITERS = 4  # of a line that are named
LITTLE = 0.005  # of a line's moves, which is not worth a name
KERNEL_HALF = 1 << 63
STACKS = range(0xffffc90000000000, 0xffffca0000000000)  # kernel/memory/layout.hpp


@dataclasses.dataclass(frozen=True)
class Shared:
    """A line or a lock: its name, how often it moves (or is waited for) in one operation, and the functions that do it, with their
    shares of that, the largest first."""

    name: str
    rate: float
    writers: tuple[tuple[str, float], ...]


class Names:
    """Of the kernel's and the program's functions, and of the kernel's static data."""

    def __init__(self, functions: Symbols, data: Symbols) -> None:
        self._functions = functions
        self._data = data

    def function(self, address: int) -> str:
        return self._functions.name(address)

    def data(self, address: int) -> str | None:
        """The static data at the address, with the offset in it. None for other memory."""
        symbol = self._data.find(address)
        if symbol is None:
            return None
        return f"{symbol.name}+{address - symbol.start}" if address > symbol.start else symbol.name


def shared(operation: Operation, kind: str, names: Names) -> list[Shared]:
    """Over all rounds, the one that moves most first. A line has the name of what is written in it most often. Lines without a name (of
    the heap, of pages) that the same functions write are one entry: which of many like objects it was says nothing."""
    lines: dict[int, list[Written]] = collections.defaultdict(list)
    for round in operation.written:
        for entry in round:
            if entry.kind == kind:
                lines[entry.key].append(entry)
    groups: dict[object, list[list[Written]]] = collections.defaultdict(list)
    for entries in lines.values():
        most = max(entries, key=lambda entry: entry.count)
        groups[names.data(most.address) or frozenset(_writers(entries, names))].append(entries)
    operations = operation.count * len(operation.written)
    found = []
    for key, members in groups.items():
        moved: collections.Counter = collections.Counter()
        for entries in members:
            moved.update(_writers(entries, names))
        total = moved.total()
        name = key if isinstance(key, str) else _unnamed(members, kind)
        found.append(Shared(name, total / operations, tuple((writer, count / total) for writer, count in moved.most_common(WRITERS)
                                                     if count >= LITTLE * total)))
    return sorted(found, key=lambda entry: -entry.rate)


def _writers(entries: list[Written], names: Names) -> collections.Counter:
    """How often each function wrote."""
    counted: collections.Counter = collections.Counter()
    for entry in entries:
        counted[names.function(entry.instruction)] += entry.count
    return counted


def _unnamed(members: list[list[Written]], kind: str) -> str:
    first = members[0][0].address
    where = "a program's memory" if first < KERNEL_HALF else "a kernel stack" if first in STACKS else "the heap or pages"
    what = {"transfer": "line", "contended": "lock"}[kind]
    return f"{len(members):,} {what}{'s' if len(members) > 1 else ''} of {where}"


def as_text(operation: Operation, names: Names, most: int) -> str:
    """For a terminal: the lines, then the locks."""
    parts = []
    for kind, title in (("transfer", "lines that go from one CPU to another, for one operation; who writes them"),
                        ("contended", "spin locks that are waited for, for one operation; who takes them")):
        found = shared(operation, kind, names)
        parts.append(f"{operation.name}: {title}" if found else f"{operation.name}: no {title.split(',')[0]}")
        for entry in found[:most]:
            writers = ", ".join(f"{name} {share:.0%}" for name, share in entry.writers)
            parts.append(f"  {entry.rate:9.3f}  {entry.name}: {writers}")
        if len(found) > most:
            parts.append(f"  {sum(entry.rate for entry in found[most:]):9.3f}  in {len(found) - most} more")
    return "\n".join(parts)
