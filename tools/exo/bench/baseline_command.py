"""`./exo bench baseline`: records what `./exo test bench` compares with."""

from __future__ import annotations

from .. import process
from ..errors import ExoError, UsageError
from ..options import Command, Option, parse
from . import baseline, gate, guest, settings
from .baseline import Baseline, Entry

COMMAND = Command("bench baseline", "Records the instructions of each operation, which './exo test bench' compares with.",
                  "[--raise OPERATION… --reason TEXT]", [
                      Option("--raise", "OPERATION", "let this operation cost more from now on (repeatable)", None, str, True),
                      Option("--reason", "TEXT", "why; it is kept in the file"),
                      settings.KERNEL], f"""
Without options it writes operations that are new and figures that are lower than ever into {baseline.NAME}, and
leaves all others as they are. Raising is a commit of its own, with its reason.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    to_raise: list[str] = getattr(options, "raise")
    if bool(to_raise) != bool(options.reason and options.reason.strip()):
        raise UsageError("--raise and --reason go together", COMMAND.name)
    settings.check(COMMAND, options)
    guest.check_names(to_raise)
    kernel = settings.kernel(options)
    order = guest.operations()
    known, best = baseline.load(), baseline.best(baseline.history())
    process.say("counting on Exo-OS")
    measured = {name: baseline.entry_of(operation.instructions, rows)
                for name, (operation, rows) in gate.profiles(kernel, order).items()}
    updated, changes = gate.update(known, best, measured, order)
    for name in to_raise:
        changes.append(_raise(updated, name, best.get(name), measured.get(name), options.reason.strip()))
    if changes:
        baseline.save(updated)
    for change in changes or ["nothing is new or lower"]:
        print(change)
    return _report_dearer(best, measured, to_raise)


def _raise(updated: Baseline, name: str, old: Entry | None, new: Entry | None, reason: str) -> str:
    if old is None or new is None:
        raise ExoError(f"--raise {name}: it is not in both the baseline and the kernel, so there is nothing to raise")
    if new.instructions <= old.instructions:
        raise ExoError(f"--raise {name}: it costs {new.instructions:,.1f} instructions, not more than {old.instructions:,.1f}")
    updated.operations[name] = new
    updated.raised.append({"operation": name, "from": old.instructions, "to": new.instructions, "reason": reason})
    return f"raised: {name}, {old.instructions:,.1f} to {new.instructions:,.1f} instructions: {reason}"


def _report_dearer(best: dict[str, Entry], measured: dict[str, Entry], raised: list[str]) -> int:
    dearer = [name for name, entry in measured.items() if name in best and name not in raised
              and entry.instructions > best[name].instructions * (1 + gate.TOLERANCE)]
    for name in dearer:
        print(f"not raised: {name}, {best[name].instructions:,.1f} to {measured[name].instructions:,.1f} instructions "
              f"(--raise {name} --reason …)")
    return 1 if dearer else 0
