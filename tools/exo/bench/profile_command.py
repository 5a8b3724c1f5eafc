"""`./exo bench profile`: where the instructions of one operation go."""

from __future__ import annotations

import os
import tempfile

from .. import paths, process
from ..errors import UsageError
from ..machine import debian_kernel
from ..options import Command, Option, Parsed
from . import flame_graph, guest, linux_symbols, profile, settings, suite, symbols
from .files import write

DEFAULT_LIMIT = 40


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError("not a number of rows")
    return int(text)


COMMAND = Command("bench profile", "Shows where the instructions of one operation go, by function of the kernel.",
                  "OPERATION [OPTION]…", [
                      Option("--linux", "", "of Debian's kernel instead of ours"),
                      Option("--limit", "N", f"rows of the table (default {DEFAULT_LIMIT})", DEFAULT_LIMIT, _limit),
                      Option("--svg", "FILE", "where the flame graph goes (default build/bench/profile-OPERATION-KERNEL.svg)"),
                      Option("--alone", "", "without the operations that come before it in the suite: quicker, but "
                                            "caches and allocators are in another state"),
                      settings.ROUNDS, settings.KERNEL], """
What is shown is the round that 'bench linux' reports. A function's own instructions come first; with callees are those
of all that it called, too.""")


def main(arguments: list[str]) -> int:
    options = settings.parse_anywhere(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if not options.words:
        raise UsageError("which operation? docs/performance.md lists them", COMMAND.name)
    settings.check(COMMAND, options, words=1)
    name = options.words[0]
    guest.check_names([name])
    operation, folded = _measure(options, name)
    where = "linux" if options.linux else "exo"
    title = f"{name} on {'Linux' if options.linux else 'Exo-OS'}"
    svg = options.svg or paths.in_build("bench", f"profile-{name}-{where}.svg")
    print(f"{title}\n")
    print(profile.table(folded, operation.count, options.limit), end="")
    if operation.overhead:
        print(f"{operation.overhead:12.1f} of these are the program's own work, which 'bench linux' leaves out")
    write(svg, flame_graph.render(folded, title, operation.count))
    process.say(f"flame graph: {os.path.relpath(svg)}")
    return 0


def _measure(options: Parsed, name: str) -> tuple[suite.Operation, profile.Folded]:
    known = guest.operations()
    only = [name] if options.alone else known[:known.index(name) + 1]
    if options.linux:
        peer = debian_kernel.ensure()
        kernel, title, functions = peer.path, "Linux", linux_symbols.of(peer)
    else:
        kernel = settings.kernel(options)
        title, functions = "Exo-OS", symbols.of_elf(kernel)  # before the run: a build may replace the file meanwhile
    functions += symbols.of_elf(guest.SUITE.build())
    process.say(f"counting on {title}")
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        stacks = os.path.join(folder, "stacks")
        run = suite.run(kernel, title, options.rounds, only, stacks)
        operation = run.require(name, title)
        return operation, profile.read(stacks, operation.median.region, functions)
