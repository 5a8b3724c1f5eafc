"""Where the instructions of a region went: by function, and by chain of calls."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Iterable, NamedTuple

from ..errors import ExoError
from .symbols import KERNEL_HALF, Symbols


class Frame(NamedTuple):
    name: str
    is_kernel: bool


Stack = tuple[Frame, ...]  # outermost first
Folded = Counter[Stack]  # instructions executed at the end of each chain of calls


@dataclasses.dataclass(frozen=True)
class Row:
    """One function. Its own instructions, and those with all that it called, for each operation."""

    frame: Frame
    own: float
    cumulative: float
    share: float  # of all instructions, its own


def read(path: str, region: int, symbols: Symbols) -> Folded:
    """The chains of calls of one region from what the plugin wrote (plugin.stacks_path), by name.

    Errors: ExoError when the file is not the plugin's, or has nothing about the region.
    """
    return read_several(path, {region}, symbols)[region]


def read_several(path: str, regions: set[int], symbols: Symbols) -> dict[int, Folded]:
    """The same of several regions."""
    found: dict[int, Folded] = {region: Counter() for region in regions}
    frames: dict[str, Frame] = {}
    wanted = {str(region) for region in regions}
    try:
        with open(path, encoding="ascii") as file:
            for line in file:
                number, addresses, count = line.split()
                if number in wanted:
                    found[int(number)][_stack(addresses.split(";"), symbols, frames)] += int(count)
    except (OSError, ValueError) as error:
        raise ExoError(f"{path}: not what the QEMU plugin writes: {error}") from None
    for region, folded in found.items():
        if not folded:
            raise ExoError(f"{path}: region {region} was not profiled")
    return found


def _stack(addresses: Iterable[str], symbols: Symbols, frames: dict[str, Frame]) -> Stack:
    """The plugin names the calling instruction and what it calls; most often two in a row are in one function. They
    are not where a function jumped to another one."""
    stack: list[Frame] = []
    for text in addresses:
        frame = frames.get(text)
        if frame is None:
            address = int(text, 16)
            frame = frames[text] = Frame(symbols.name(address), address >= KERNEL_HALF)
        if not stack or stack[-1] != frame:
            stack.append(frame)
    return tuple(stack)


def rows(folded: Folded, operations: int = 1) -> list[Row]:
    """A row for each function, those first that executed most themselves."""
    own: Counter[Frame] = Counter()
    cumulative: Counter[Frame] = Counter()
    for stack, count in folded.items():
        own[stack[-1]] += count
        for frame in set(stack):
            cumulative[frame] += count
    total = sum(folded.values())
    found = [Row(frame, own[frame] / operations, cumulative[frame] / operations, own[frame] / total)
             for frame in cumulative]
    return sorted(found, key=lambda row: (-row.own, -row.cumulative, row.frame.name))


def table(folded: Folded, operations: int = 1, limit: int = 40) -> str:
    """The rows as text: instructions of the function itself, its share, with what it calls, its name."""
    found = rows(folded, operations)
    lines = [f"{'own':>12} {'share':>7} {'with callees':>13}  function"]
    for row in found[:limit]:
        where = "" if row.frame.is_kernel else " (user)"
        lines.append(f"{row.own:12.1f} {row.share:7.1%} {row.cumulative:13.1f}  {row.frame.name}{where}")
    rest = [row for row in found[limit:] if row.own]
    if rest:
        lines.append(f"{sum(row.own for row in rest):12.1f} {sum(row.share for row in rest):7.1%} {'':13}  "
                     f"{len(rest)} more")
    lines.append(f"{sum(folded.values()) / operations:12.1f} {1:7.1%} {'':13}  instructions for each operation")
    return "\n".join(lines) + "\n"


def folded_text(folded: Folded) -> str:
    """The common text form of flame graphs: `outer;inner;innermost COUNT`, kernel functions marked with _[k]."""
    lines = []
    for stack, count in folded.items():
        names = (frame.name.replace(";", ":") + ("_[k]" if frame.is_kernel else "") for frame in stack)
        lines.append(f"{';'.join(names)} {count}\n")
    return "".join(sorted(lines))
