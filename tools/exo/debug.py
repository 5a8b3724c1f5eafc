"""`./exo debug`: a machine that waits for gdb."""

from __future__ import annotations

import os
import sys

from . import packages, paths
from .options import Command, parse
from .run import OPTIONS, occupy_standard_streams, prepare, request_of
from .session import run

COMMAND = Command("debug", "Runs a program like './exo run', but waits for gdb before the kernel's first instruction.",
                  "[OPTION]… [--] [COMMAND [ARGUMENT]…]", OPTIONS, """
The kernel is that of the preset 'debug' unless --preset says otherwise. The command to attach is printed; in gdb,
'hbreak kernel_main' and 'continue' are a good beginning.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
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
