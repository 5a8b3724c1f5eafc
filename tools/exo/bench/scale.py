"""`./exo bench scale`: how the cost of one operation grows with what else there is, on Debian's kernel and on Exo-OS."""

from __future__ import annotations

import json
import os
import tempfile

from .. import paths, process
from ..errors import ExoError
from ..machine import debian_kernel
from ..options import Command, Option, Parsed, parse
from . import growth, growth_table, guest, machine, profile, settings, symbols
from .files import write
from .growth import STEPS, Growth, Kind, Row

DATA = paths.in_root("benches", "scale.json")
PAGE = paths.in_root("docs", "performance.md")
SHOWN = 8  # functions of a row

COMMAND = Command("bench scale", "Measures one operation beside n, 4n and 16n others, on Linux and on Exo-OS.",
                  "[OPTION]…", [
                      Option("--only", "NAME", "only this row (repeatable)", None, str, True),
                      settings.ROUNDS, settings.KERNEL,
                      Option("--no-linux", "", "count on Exo-OS only; Linux's figures are those of benches/scale.json"),
                      Option("--where", "", "say which functions of Exo-OS's execute more beside 16n others than beside 4n"),
                      Option("--no-docs", "", "leave docs/performance.md and benches/scale.json as they are")], f"""
One static program (benches/scale) runs as /init on both kernels in the same emulated machine. Each row is measured beside 0,
n, 4n and 16n others. The exponent is that of what is added to the empty case from 4n to 16n; it may not exceed {growth.LIMIT},
or {growth.LINEAR_LIMIT} where the operation is linear by nature. What is added counts as at least {growth.FLOOR_INSTRUCTIONS}
instructions or {growth.FLOOR_SHARE:.0%} of the empty case, below which it is lost in noise.

The exit status is 1 when an operation of Exo-OS grows too fast. A run of all rows with the usual rounds and this tree's
kernel writes the table in docs/performance.md, and Linux's figures as benches/scale.json.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    known = _check(options)
    kernel = settings.kernel(options)
    if options.where:
        return _show_where(kernel, options, known)
    process.say("counting on Exo-OS")
    exo = growth.of_run(growth.measure(kernel, "Exo-OS", options.rounds, options.only), known)
    linux, version = _load_linux() if options.no_linux else _count_linux(options, known)
    rows = [Row(kind, linux.get(kind.name), exo.get(kind.name)) for kind in known if kind.name in exo]
    if settings.is_whole(options) and not options.no_docs and all(row.linux for row in rows):
        save(rows, version)
    print(growth_table.for_terminal(rows))
    return 1 if any(row.grows_too_fast for row in rows) else 0


def _check(options: Parsed) -> list[Kind]:
    """What can be wrong with the options. Returns the rows that are wanted."""
    only, options.only = options.only, []
    settings.check(COMMAND, options)
    options.only = only
    known = growth.kinds()
    guest.check_names(only, [kind.name for kind in known])
    return [kind for kind in known if not only or kind.name in only]


def _count_linux(options: Parsed, known: list[Kind]) -> tuple[dict[str, Growth], dict]:
    peer = debian_kernel.ensure()
    process.say(f"counting on Linux ({peer.package} {peer.version}); this takes about three minutes")
    run = growth.measure(peer.path, "Linux", options.rounds, options.only)
    return growth.of_run(run, known), {"package": peer.package, "version": peer.version}


def _load_linux() -> tuple[dict[str, Growth], dict]:
    """Linux's figures as they were recorded; none where there are none."""
    try:
        with open(DATA, encoding="utf-8") as file:
            data = json.load(file)
        return {name: Growth(tuple(costs)) for name, costs in data["linux"].items()}, data["version"]
    except FileNotFoundError:
        return {}, {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExoError(f"{os.path.relpath(DATA, paths.ROOT)}: not what './exo bench scale' writes: {error}") from None


def save(rows: list[Row], version: dict) -> None:
    sides = {side: {row.kind.name: getattr(row, side).costs for row in rows if getattr(row, side)} for side in ("linux", "exo")}
    texts = {side: ",\n".join(f"  {json.dumps(name)}: {json.dumps(costs)}" for name, costs in found.items())
             for side, found in sides.items()}
    head = json.dumps({"version": version, "qemu": machine.qemu_version()})[1:-1]
    write(DATA, f'{{{head},\n"linux": {{\n{texts["linux"]}\n}},\n"exo": {{\n{texts["exo"]}\n}}}}\n')
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    write(PAGE, growth_table.put_into(page, growth_table.section(rows)))
    process.say("wrote the table of docs/performance.md, and benches/scale.json")


def recorded_section() -> str:
    """The section of docs/performance.md as it was written last; empty where there is none."""
    try:
        with open(PAGE, encoding="utf-8") as file:
            return growth_table.section_of(file.read())
    except OSError:
        return ""


def _show_where(kernel: str, options: Parsed, known: list[Kind]) -> int:
    functions = symbols.of_elf(kernel) + symbols.of_elf(growth.PROGRAM.build())
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        stacks = os.path.join(folder, "stacks")
        run = growth.measure(kernel, "Exo-OS", options.rounds, options.only, stacks)
        measured = [kind for kind in known if kind.operation(STEPS[3]) in run.operations]
        medians = {kind: [run.operations[kind.operation(step)].median.region for step in STEPS[2:]] for kind in measured}
        folded = profile.read_several(stacks, {region for pair in medians.values() for region in pair}, functions)
    for kind, (small, large) in medians.items():
        print(f"{kind.name}: {4 * kind.n} to {16 * kind.n}")
        print("\n".join(differences(profile.rows(folded[small]), profile.rows(folded[large]))))
    return 0


def differences(small: list[profile.Row], large: list[profile.Row]) -> list[str]:
    """A line for each function that executes more in the second, the largest difference first."""
    before = {row.frame.name: row.own for row in small}
    found = [(row.own - before.get(row.frame.name, 0), before.get(row.frame.name, 0), row) for row in large]
    grown = sorted((entry for entry in found if entry[0] > 0), key=lambda entry: -entry[0])
    return [f"{more:+14,.0f}  {row.frame.name}: {old:,.0f}, then {row.own:,.0f}" for more, old, row in grown[:SHOWN]]
