"""`./exo debug`: a machine that waits for gdb."""

from __future__ import annotations

import os
import subprocess
import sys

from . import build, packages, paths
from .errors import UsageError
from .options import Command, Option, parse
from .run import OPTIONS, occupy_standard_streams, prepare, request_of
from .session import run

COMMAND = Command("debug", "Runs a program like './exo run', but waits for gdb before the kernel's first instruction.",
                  "[OPTION]… [--] [COMMAND [ARGUMENT]…] | --seed N [--suite cross|hostile]", [*OPTIONS,
    Option("--seed", "N", "a sequence of './exo test hostile' instead, stopped at the call that fails"),
    Option("--suite", "NAME", "which suite the seed is of: hostile or cross", default="hostile"),
], """
The kernel is that of the preset 'debug' unless --preset says otherwise. The command to attach is printed; in gdb,
'hbreak kernel_main' and 'continue' are a good beginning.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if options.seed is not None:
        return debug_sequence(options.suite, options.seed, options.preset or "debug")
    occupy_standard_streams()
    os.makedirs(paths.BUILD, exist_ok=True)
    path = paths.in_build(f"gdb-{os.getpid()}.sock")
    settings = prepare(options, "debug", path)
    if packages.find_program("gdb") is None:
        print("exo: gdb is not installed: apt-get install gdb", file=sys.stderr)
    print(f"exo: waiting for gdb; in another terminal:\n  gdb {settings.kernel} -ex 'target remote {path}'",
          file=sys.stderr, flush=True)
    try:
        return run(settings, request_of(options))
    finally:
        if os.path.exists(path):
            os.unlink(path)


def debug_sequence(suite: str, seed: str, preset: str) -> int:
    """Errors: UsageError (no such suite, no seed of it)."""
    if suite not in ("cross", "hostile"):
        raise UsageError(f"--suite: there is no suite {suite} with seeds; there are cross and hostile", "debug")
    # A lineage like 20040.77 is one that a guided cross-check has made.
    if not all(part.isdecimal() for part in seed.split(".")) or suite == "hostile" and "." in seed:
        raise UsageError(f"--seed: {seed} is no seed of {suite}", "debug")
    packages.ensure(packages.RUN + packages.TEST, "debugging a sequence")
    build.ensure_preset(preset)
    return subprocess.run([sys.executable, paths.in_root("tests", "cross", "debug.py"), suite, seed, preset],
                          check=False).returncode
