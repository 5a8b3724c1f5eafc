"""`./exo bench smp`: what each operation costs, shares and sends on several CPUs."""

from __future__ import annotations

import dataclasses
import json
import os

from ... import paths, process
from ...errors import ExoError, UsageError
from ...machine import debian_kernel
from ...options import Command, Option, Parsed, parse
from .. import machine, settings, symbols
from ..files import write
from . import counts, lines, speedup, table

DATA = paths.in_root("benches", "smp.json")
PAGE = paths.in_root("docs", "several_cpus.md")
DEFAULT_CPUS = [1, 2, 4]
DEFAULT_ROUNDS = 5
SHOWN = 15  # lines of --lines
KEPT = 4  # lines and locks of each operation in the page
LITTLE = 0.02  # moves of a line for one operation that are not worth a place in the page


def cpus(text: str) -> list[int]:
    numbers = text.split(",")
    if not all(number.isascii() and number.isdigit() and 1 <= int(number) <= counts.MAX_CPUS for number in numbers):
        raise ValueError(f"not a list of numbers from 1 to {counts.MAX_CPUS} with commas between")
    found = [int(number) for number in numbers]
    if found != sorted(set(found)):
        raise ValueError("the numbers have to rise")
    return found


def pairs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 99:
        raise ValueError("not a number from 1 to 99")
    return int(text)


COMMAND = Command("bench smp", "Counts what each operation executes, shares and sends on several CPUs.", "[OPTION]…", [
    Option("--cpus", "LIST", "the numbers of CPUs, from 1 to 8 (default 1,2,4; with --speedup the last one, default 2)", None, cpus),
    Option("--runs", "N", f"rounds of each operation, of which the median counts (default {DEFAULT_ROUNDS})", None,
           settings.rounds),
    Option("--filter", "PATTERN", "only operations with this in their name, or that this wildcard (like '*_own') matches"),
    Option("--lines", "OPERATION", "also the lines that this operation takes from CPU to CPU, and who writes them; on the last of --cpus"),
    Option("--speedup", "", "instead: how much faster several CPUs are than one, beside Linux, by the clock"),
    Option("--pairs", "N", f"of --speedup: boots of both kernels (default {speedup.DEFAULT_PAIRS})", None, pairs),
    settings.KERNEL,
    Option("--json", "", "print JSON instead of the table"),
    Option("--no-docs", "", "leave docs/several_cpus.md and benches/smp.json as they are")], """
One static program (benches/smp) runs as /init and does each operation on all CPUs at once: by processes that share nothing, by threads
of one process, by pairs that answer each other, and as whole workloads. A plugin in the emulator counts what all CPUs execute, and each
write to a line of memory that another CPU wrote last. Loops that wait for another CPU and idle CPUs are left out, and reported apart.

Several emulated CPUs run by the host's clock, so two runs differ: the instructions by less than 2 % where no thread waits for another,
the other counts by more. Beside a recorded run the command says which instructions are further apart. A run of all operations with the
usual options and this tree's kernel writes docs/several_cpus.md and benches/smp.json.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    wanted = _check(options)
    if options.speedup:
        return _speed_up(options, wanted)
    numbers, rounds = options.cpus or DEFAULT_CPUS, options.runs or DEFAULT_ROUNDS
    kernel = settings.kernel(options)
    names = lines.Names(symbols.of_elf(kernel) + symbols.of_elf(counts.PROGRAM.build()), symbols.of_elf(kernel, symbols.DATA))
    found: dict[int, dict[str, counts.Operation]] = {}
    for number in numbers:
        process.say(f"counting {len(wanted)} operations on {number} CPU{'s' if number > 1 else ''} of Exo-OS")
        found[number] = counts.run(kernel, number, rounds, wanted)
    data = as_json(found, wanted, rounds, names)
    before = load()
    if options.filter is None and not options.kernel and numbers == DEFAULT_CPUS and rounds == DEFAULT_ROUNDS and not options.no_docs:
        save(data | ({"speedup": before["speedup"]} if "speedup" in before else {}))
    print(json.dumps(data, indent=1) if options.json else table.for_terminal(data))
    if options.lines:
        print("\n" + lines.as_text(found[numbers[-1]][options.lines], names, SHOWN))
    _compare(data, before)
    return 0


def _check(options: Parsed) -> list[str]:
    """What can be wrong with the options, before anything takes time. Returns the operations that are wanted."""
    settings.check(COMMAND, options)
    if options.pairs and not options.speedup:
        raise UsageError("--pairs belongs to --speedup", COMMAND.name)
    if options.speedup:
        for given, name in ((options.runs, "--runs"), (options.lines, "--lines")):
            if given:
                raise UsageError(f"{name} and --speedup exclude each other", COMMAND.name)
        if (options.cpus or [2])[-1] < 2:
            raise UsageError("--speedup needs 2 CPUs or more in --cpus", COMMAND.name)
    if options.lines and options.json:
        raise UsageError("--lines and --json exclude each other: the JSON has the lines of all operations", COMMAND.name)
    wanted = counts.operations(options.filter)
    if options.lines and options.lines not in wanted:
        raise ExoError(f"--lines: {options.lines} is not among what is measured: {', '.join(wanted)}")
    if options.speedup:
        wanted = [name for name in wanted if name in speedup.WORKLOADS]
        if not wanted:
            raise ExoError(f"--filter: --speedup measures {' and '.join(speedup.WORKLOADS)}")
    return wanted


def _speed_up(options: Parsed, wanted: list[str]) -> int:
    peer = debian_kernel.ensure()
    number, count = (options.cpus or [2])[-1], options.pairs or speedup.DEFAULT_PAIRS
    found = speedup.measure(settings.kernel(options), peer, number, count, wanted)
    data = {"cpus": number, "host_cpus": len(os.sched_getaffinity(0)), "linux": {"package": peer.package, "version": peer.version},
            "workloads": {name: entry.as_json() for name, entry in found.items()}}
    before = load()
    is_whole = options.filter is None and not options.kernel and number == 2 and count == speedup.DEFAULT_PAIRS
    if is_whole and before and not options.no_docs:
        save(before | {"speedup": data})
    print(json.dumps(data, indent=1) if options.json else table.speedup_for_terminal(data))
    return 0


def as_json(found: dict[int, dict[str, counts.Operation]], wanted: list[str], rounds: int, names: lines.Names) -> dict:
    most = max(found)
    return {"qemu": machine.qemu_version(), "cpus": list(found), "rounds": rounds,
            "operations": {name: {str(number): {metric: list(dataclasses.astuple(run[name].metric(metric))) for metric in counts.METRICS}
                                  for number, run in found.items()} for name in wanted},
            "lines": {name: {kind: [_shared_as_json(entry) for entry in lines.shared(found[most][name], kind, names)[:KEPT]
                                    if entry.rate >= LITTLE] for kind in ("transfer", "contended")} for name in wanted}}


def _shared_as_json(entry: lines.Shared) -> dict:
    return {"name": entry.name, "rate": round(entry.rate, 3), "writers": [[name, round(share, 3)] for name, share in entry.writers]}


def load() -> dict:
    """The run that is recorded; empty where there is none. Errors: ExoError when the file is something else."""
    try:
        with open(DATA, encoding="utf-8") as file:
            data = json.load(file)
        return data if isinstance(data["operations"], dict) else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExoError(f"{os.path.relpath(DATA, paths.ROOT)}: not what './exo bench smp' writes: {error}") from None


def save(data: dict) -> None:
    write(DATA, json.dumps(data, indent=1) + "\n")
    write(PAGE, table.page(data))
    process.say("wrote docs/several_cpus.md and benches/smp.json")


def _compare(data: dict, before: dict) -> None:
    """On standard error: whether this run and the recorded one agree."""
    common, found = table.disagreements(data, before)
    if not common:
        return
    what = f"{common - len(found)} of {common} counts of instructions are within {table.AGREEMENT:.0%} of the recorded run's"
    process.say(what + (f"; not {', '.join(found)}" if found else ""))
