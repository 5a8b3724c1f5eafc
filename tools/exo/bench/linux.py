"""`./exo bench linux`: the same operations on Debian's kernel and on Exo-OS, by counted instructions."""

from __future__ import annotations

import json

from .. import paths, process
from ..machine import debian_kernel
from ..options import Command, Option, parse
from . import chart, figures, guest, machine, page, settings, suite, table
from .files import write

LINUX_DATA = paths.in_root("benches", "linux.json")
PAGE = paths.in_root("docs", "performance.md")
DATA = paths.in_root("docs", "performance.json")
CHART = paths.in_root("docs", "performance.svg")

COMMAND = Command("bench linux", "Compares the instructions that Linux and Exo-OS execute for the same operations.",
                  "[OPTION]…", [
                      *settings.SUITE_OPTIONS,
                      Option("--sort", "", "the worst ratio first"),
                      Option("--json", "", "print JSON instead of the table"),
                      Option("--no-docs", "", "leave docs/performance.* and benches/linux.json as they are")], """
One static program (benches/guest) runs as /init on Debian's cloud kernel and on Exo-OS in the same emulated machine. Each
operation proves that it works before it is counted. Two runs give the same figures, to the last instruction.

A run of the whole suite with the usual rounds and this tree's kernel writes docs/performance.md, .json and .svg, and
Linux's figures as benches/linux.json.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    settings.check(COMMAND, options)
    peer = debian_kernel.ensure()
    kernel = settings.kernel(options)
    process.say("counting on Exo-OS")
    exo = suite.run(kernel, "Exo-OS", options.rounds, options.only)
    process.say(f"counting on Linux ({peer.package} {peer.version}); this takes about a minute")
    linux = suite.run(peer.path, "Linux", options.rounds, options.only)
    rows = figures.side_by_side(guest.operations(), linux, exo)
    data = as_json(rows, peer, options.rounds, exo.missing)
    if settings.is_whole(options) and not options.no_docs:
        save(rows, data)
    print(json.dumps(data, indent=1) if options.json else table.for_terminal(rows, options.sort))
    return 0


def as_json(rows: list[figures.Row], peer: debian_kernel.DebianKernel, rounds: int, missing: dict[str, str]) -> dict:
    mean, count = figures.geometric_mean(rows)
    return {"qemu": machine.qemu_version(), "linux": {"package": peer.package, "version": peer.version},
            "rounds": rounds, "geometric_mean": round(mean, 3) if mean else None, "rows": count,
            "missing": [row.name for row in rows if row.ratio is None],
            "operations": [_row_as_json(row, missing) for row in rows]}


def _row_as_json(row: figures.Row, missing: dict[str, str]) -> dict:
    entry: dict = {"name": row.name, "linux": row.linux.as_json() if row.linux else None,
                   "exo": row.exo.as_json() if row.exo else None}
    if row.ratio is not None:
        entry["ratio"] = round(row.ratio, 3)
    if row.name in missing:
        entry["why"] = missing[row.name]
    return entry


def save(rows: list[figures.Row], data: dict) -> None:
    linux = {**data["linux"], "qemu": data["qemu"], "rounds": data["rounds"],
             "operations": {row.name: row.linux.as_json() for row in rows if row.linux}}
    write(LINUX_DATA, json.dumps(linux, indent=1) + "\n")
    write(DATA, json.dumps(data, indent=1) + "\n")
    write(CHART, chart.render(rows))
    write(PAGE, page.render(rows, data))
    process.say("wrote docs/performance.md, .json and .svg, and benches/linux.json")
