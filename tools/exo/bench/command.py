"""`./exo bench`: measuring."""

from __future__ import annotations

import importlib
import sys

from ..errors import UsageError

# Name, module, and the line in the help.
COMMANDS = (
    ("linux", "linux", "instructions of each operation beside Debian's kernel; writes docs/performance.*"),
    ("scale", "scale", "how the cost of one operation grows with what else there is, on both kernels"),
    ("smp", "smp.command", "what each operation executes, shares and sends on several CPUs; its speed-up beside Linux"),
    ("programs", "programs", "what bash, python3, node, java, git, gcc and make cost the whole machine, on both kernels"),
    ("profile", "profile_command", "where the instructions of one operation go, with a flame graph"),
    ("baseline", "baseline_command", "record the counts that './exo test bench' compares with"),
    ("compare", "compare", "this tree against another commit"),
    ("boot", "boot", "instructions and time from reset to the first program, least memory, sizes"),
    ("host", "host", "cycles on this processor, of what needs no privilege"),
)

HELP = """usage: ./exo bench COMMAND [OPTION]…

Measures the kernel. All but 'host' and the times of 'boot' count instructions in an emulated machine, and give the same
figures every time; those of 'smp', on several CPUs, differ a little.

commands:
{commands}

'./exo bench COMMAND --help' says more. docs/performance.md is what 'linux' found."""


def help_text() -> str:
    return HELP.format(commands="\n".join(f"  {name:<10}{summary}" for name, _, summary in COMMANDS))


def main(arguments: list[str]) -> int:
    if not arguments:
        print(help_text(), file=sys.stderr)
        return 2
    if arguments[0] in ("--help", "-h", "help"):
        print(help_text())
        return 0
    for name, module, _ in COMMANDS:
        if name == arguments[0]:
            return importlib.import_module(f"exo.bench.{module}").main(arguments[1:])
    what = "option" if arguments[0].startswith("-") else "measurement"
    raise UsageError(f"unknown {what} {arguments[0]}", "bench")
