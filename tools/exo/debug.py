"""`./exo debug`: a machine that waits for gdb."""

from __future__ import annotations

import os
import subprocess
import sys

from . import packages, paths
from .building import build
from .errors import UsageError
from .options import Command, Option, parse
from .running.run import OPTIONS, occupy_standard_streams, prepare, request_of
from .running.session import run

COMMAND = Command("debug", "Runs a program like './exo run', but waits for gdb before the kernel's first instruction.",
                  "[OPTION]… [--] [COMMAND [ARGUMENT]…] | --seed N|--kept LINE [--suite cross|hostile]", [*OPTIONS,
    Option("--seed", "N", "a sequence of './exo test hostile' instead, stopped at the call that fails"),
    Option("--kept", "LINE", "that line of the suite's kept.jsonl instead of a seed"),
    Option("--suite", "NAME", "which suite the seed is of: hostile or cross", default="hostile"),
    Option("--area", "AREAS", "the areas that './exo test cross' was told"),
    Option("--kind", "KIND", "the kind that './exo test hostile' was told"),
], """
The kernel is that of the preset 'debug' unless --preset says otherwise. The command to attach is printed; in gdb,
'hbreak kernel_main' and 'continue' are a good beginning.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if options.seed is not None or options.kept is not None:
        return debug_sequence(sequence_words(options), options.preset or "debug")
    if options.area is not None or options.kind is not None:
        raise UsageError("--area and --kind: say which sequence, with --seed", "debug")
    occupy_standard_streams()
    os.makedirs(paths.BUILD, exist_ok=True)
    path = paths.in_build(f"gdb-{os.getpid()}.sock")
    settings = prepare(options, "debug", path)
    if packages.find_program("gdb") is None:
        print("exo: gdb is not installed: apt-get install gdb", file=sys.stderr)
    print(f"exo: waiting for gdb; in another terminal:\n  gdb {settings.kernel} -ex 'target remote {path}'",
          file=sys.stderr, flush=True)
    try:
        return run(settings, request_of(options, settings))
    finally:
        if os.path.exists(path):
            os.unlink(path)


def sequence_words(options) -> list[str]:
    """What tools/campaign/debug.py is told. Errors: UsageError (no such suite, no seed of it, what belongs to the other suite)."""
    suite, seed = options.suite, options.seed
    if suite not in ("cross", "hostile"):
        raise UsageError(f"--suite: there is no suite {suite} with seeds; there are cross and hostile", "debug")
    if (seed is None) == (options.kept is None):
        raise UsageError("--kept: either a seed or a kept sequence", "debug")
    # A lineage like 20040.77 is one that a guided cross-check has made.
    if seed is not None and (not all(part.isdecimal() for part in seed.split(".")) or suite == "hostile" and "." in seed):
        raise UsageError(f"--seed: {seed} is no seed of {suite}", "debug")
    if options.kept is not None and not options.kept.isdecimal():
        raise UsageError(f"--kept: {options.kept} is no line of kept.jsonl", "debug")
    for name, value, of_suite in (("--area", options.area, "cross"), ("--kind", options.kind, "hostile")):
        if value is not None and (suite != of_suite or seed is None):
            raise UsageError(f"{name}: it says how a seed of --suite {of_suite} was run", "debug")
    given = {"--suite": suite, "--seed": seed, "--kept": options.kept, "--area": options.area, "--kind": options.kind}
    return [word for name, value in given.items() if value is not None for word in (name, value)]


def debug_sequence(words: list[str], preset: str) -> int:
    """Errors: those of building."""
    packages.ensure(packages.RUN + packages.TEST, "debugging a sequence")
    build.ensure_preset(preset)
    return subprocess.run([sys.executable, paths.in_root("tools", "campaign", "debug.py"), *words, "--preset", preset],
                          check=False).returncode
