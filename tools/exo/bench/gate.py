"""Whether an operation has become dearer than it was, and where."""

from __future__ import annotations

import os
import tempfile

from . import guest, profile, suite, symbols
from .baseline import Baseline, Entry

TOLERANCE = 0.03
SHOWN = 6  # functions of an operation that has become dearer
RECORD = "./exo bench baseline"


class Verdict:
    """On one operation: `problem` (None: passed), and a remark that is no failure."""

    def __init__(self, name: str, problem: str | None = None, remark: str | None = None, is_dearer: bool = False) -> None:
        self.name = name
        self.problem = problem
        self.remark = remark
        self.is_dearer = is_dearer


def judge(run: suite.Run, best: dict[str, Entry]) -> list[Verdict]:
    """A verdict for each operation that the kernel or the baseline has."""
    names = [*run.operations, *(name for name in best if name not in run.operations)]
    return [_judge(name, run, best.get(name)) for name in names]


def _judge(name: str, run: suite.Run, entry: Entry | None) -> Verdict:
    operation = run.operations.get(name)
    if operation is None:
        why = run.missing.get(name, f"the suite has no such operation any more; '{RECORD}' takes it out")
        return Verdict(name, f"it has a baseline and was not measured: {why}")
    if entry is None:
        return Verdict(name, f"it has no baseline yet; '{RECORD}' records it: {operation.instructions:,.1f} instructions")
    change = operation.instructions / entry.instructions - 1
    figures = f"{entry.instructions:,.1f} to {operation.instructions:,.1f} instructions, {change:+.1%}"
    if change > TOLERANCE:
        return Verdict(name, figures, is_dearer=True)
    return Verdict(name, remark=f"{figures}: '{RECORD}' records it" if change < -TOLERANCE else None)


def profiles(kernel: str, names: list[str]) -> dict[str, tuple[suite.Operation, list[profile.Row]]]:
    """A run of the whole suite in which call stacks are kept: the functions of each of these operations."""
    functions = symbols.of_elf(kernel) + symbols.of_elf(guest.SUITE.build())
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        stacks = os.path.join(folder, "stacks")
        run = suite.run(kernel, "Exo-OS", stacks=stacks)
        wanted = {run.operations[name].median.region: name for name in names if name in run.operations}
        folded = profile.read_several(stacks, set(wanted), functions)
    return {wanted[region]: (run.operations[wanted[region]], profile.rows(counted, run.operations[wanted[region]].count))
            for region, counted in folded.items()}


def differences(entry: Entry, now: list[profile.Row]) -> list[str]:
    """A line for each function that executes more than in the baseline, the largest difference first."""
    current = {row.frame.name: row.own for row in now}
    least = min(entry.functions.values(), default=0.0)  # one that is not among the largest had at most this
    found = []
    for name, own in current.items():
        before = entry.functions.get(name)
        more = own - (least if before is None else before)
        if more >= 1:
            was = f"{before:,.1f}" if before is not None else f"at most {least:,.1f}"
            found.append((more, name, f"{more:+10,.1f}  {name}: {was} before, {own:,.1f} now"))
    return [line for _, _, line in sorted(found, key=lambda item: (-item[0], item[1]))[:SHOWN]]


def update(known: Baseline, best: dict[str, Entry], measured: dict[str, Entry], order: list[str]) -> tuple[Baseline, list[str]]:
    """The baseline with what is new or cheaper than ever, and a line for each change. Nothing becomes dearer in it, and
    what is as before stays as it is."""
    operations, changes = {}, []
    for name in order:
        old, new = known.operations.get(name), measured.get(name)
        if new and not old:
            changes.append(f"new: {name}, {new.instructions:,.1f} instructions")
        elif new and old and new.instructions < best[name].instructions:
            changes.append(f"lower: {name}, {best[name].instructions:,.1f} to {new.instructions:,.1f} instructions")
        else:
            new = old
        if new:
            operations[name] = new
    changes += [f"taken out: {name}, which the suite does not have" for name in known.operations if name not in order]
    return Baseline(operations, known.raised), changes
