"""What two kernels needed for the same operations, side by side."""

from __future__ import annotations

import dataclasses
import math
from typing import Iterable

from . import suite


@dataclasses.dataclass(frozen=True)
class Figure:
    """One operation on one kernel: instructions, and the events among them, for one operation."""

    instructions: float
    events: dict[str, float]

    @staticmethod
    def of(operation: suite.Operation) -> "Figure":
        return Figure(round(operation.instructions, 1), {name: round(value, 2) for name, value in operation.events.items()})

    def as_json(self) -> dict:
        return {"instructions": self.instructions, "events": self.events}


@dataclasses.dataclass(frozen=True)
class Row:
    """An operation; None on a side that does not have it."""

    name: str
    linux: Figure | None
    exo: Figure | None

    @property
    def ratio(self) -> float | None:
        """How many instructions Linux executes for one of ours."""
        return self.linux.instructions / self.exo.instructions if self.linux and self.exo else None


def side_by_side(names: Iterable[str], linux: suite.Run, exo: suite.Run) -> list[Row]:
    """Rows in the order of `names`, for those that either run knows."""
    known = {*linux.names, *exo.names}
    return [Row(name, _figure(linux, name), _figure(exo, name)) for name in names if name in known]


def _figure(run: suite.Run, name: str) -> Figure | None:
    operation = run.operations.get(name)
    return Figure.of(operation) if operation else None


def worst_first(rows: list[Row]) -> list[Row]:
    """What Exo-OS does not have comes first, then the lowest ratio."""
    return sorted(rows, key=lambda row: (row.ratio is not None, row.ratio or 0, row.name))


def geometric_mean(rows: list[Row]) -> tuple[float | None, int]:
    """Of the ratios, and of how many there are. None without any."""
    ratios = [row.ratio for row in rows if row.ratio is not None]
    return (math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else None), len(ratios)


def mean_line(rows: list[Row]) -> str:
    """The mean with its number of rows, and what it may be taken for."""
    mean, count = geometric_mean(rows)
    if mean is None:
        return "no row has a figure on both sides, so there is no geometric mean"
    text = f"geometric mean over {count} row{'s' if count > 1 else ''}: {mean:.2f}"
    missing = len(rows) - count
    return text + (f"; {missing} row{'s' if missing > 1 else ''} missing, so no claim over the whole table" if missing
                   else ", none missing")
