"""The command line: `./exo COMMAND …`."""

from __future__ import annotations

import sys

from .errors import STATUS_FAILED, ExoError, UsageError, close_output, complain, meant

# Name, module, and the line in the help. A module is imported only when its command is used.
COMMANDS = (
    ("run", "running.run", "run a program (or a shell) in a machine of its own"),
    ("trace", "trace.command", "the same, and show every system call, as strace does"),
    ("images", "roots.command", "show the root file systems that are kept, or take them away"),
    ("debug", "debug", "run a program, but wait for gdb before the first instruction"),
    ("build", "building.command", "build kernels without running them"),
    ("test", "suites", "build and run the tests, or a part of them"),
    ("bench", "bench.command", "measure: beside Linux, by function, against another commit"),
    ("census", "census.command", "run real tasks of 200 programs on Linux and here, and compare"),
    ("calls", "descriptions.calls", "show the system calls, what they take and what they answer"),
    ("version", "version", "show what this is, and whether its machines are a boundary"),
    ("check", "check", "check formatting, names and the order of the layers"),
)

HELP = """usage: ./exo COMMAND [OPTION]… [ARGUMENT]…

Exo-OS runs unmodified Linux programs, each in a small virtual machine of its own.

commands:
{commands}

'./exo COMMAND --help' says more. To begin: './exo run' for a shell, './exo run -- uname -a' for one program."""


def help_text() -> str:
    return HELP.format(commands="\n".join(f"  {name:<8}{summary}" for name, _, summary in COMMANDS))


def main(arguments: list[str]) -> int:
    """Runs one command and returns the exit status. A broken pipe, a limit or a full disk is one line, not a traceback."""
    try:
        status = _dispatch(arguments)
        if sys.stdout is not None:  # None: closed when we started
            sys.stdout.flush()
        return status
    except ExoError as error:
        complain(str(error))
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        close_output()
        return STATUS_FAILED
    except OSError as error:
        close_output()
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
        return STATUS_FAILED
    except MemoryError:
        complain("out of memory")
        return STATUS_FAILED


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        print(help_text(), file=sys.stderr)
        return 2
    name = arguments[0]
    if name == "--version":
        name = "version"
    if name == "help" and len(arguments) > 1:
        return _dispatch([arguments[1], "--help"])
    if name in ("--help", "-h", "help"):
        print(help_text())
        return 0
    for command, module, _ in COMMANDS:
        if command == name:
            return _load(module).main(arguments[1:])
    what = "option" if name.startswith("-") else "command"
    raise UsageError(f"unknown {what} {name}{meant(name, [command for command, _, _ in COMMANDS])}", "")


def _load(module: str):
    if module == "running.run":
        from .running import run
        return run
    import importlib
    return importlib.import_module(f"exo.{module}")
