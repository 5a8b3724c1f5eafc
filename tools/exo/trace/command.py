"""`./exo trace`: one program in a machine of its own, as `./exo run` starts it, with all its system calls shown."""

from __future__ import annotations

from ..descriptions.calls import descriptions_of_tree
from ..errors import UsageError, complain
from ..options import Command, Option, parse
from ..running import run as running
from ..running.session import run
from . import filters, records
from .text import Style
from .tracer import Tracer
from .values import Values


def string_limit(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("not a number of bytes")
    if int(text) > records.MOST_CAPTURED:
        raise ValueError(f"the kernel records {records.MOST_CAPTURED} bytes of a string at most")
    return int(text)


def output_file(text: str) -> str:
    if text[:1] in ("|", "!"):
        raise ValueError("commands are not supported; it should be a file")
    if not text:
        raise ValueError("the name is empty")
    return text


OWN = [
    Option("-e", "EXPRESSION", "what to show: trace=open,%file or signal=… ('!' before the names: all but these; repeatable)", None, str,
           True),
    Option("-s", "BYTES", "how much of each string to show (default 32)", 32, string_limit),
    Option("-y", "", "show what descriptors lead to"),
    Option("-v", "", "show whole structures, environments and arrays"),
    Option("-T", "", "show how long each call took"),
    Option("-t", "", "show the time of day; -tt: with microseconds, -ttt: as seconds since 1970", counts=True),
    Option("-c", "", "show only a table: how often, how long, how often with an error"),
    Option("-C", "", "show the calls and then the table"),
    Option("-o", "FILE", "write to FILE instead of standard error", None, output_file),
    Option("-f", "", "accepted, and always so: children and threads are followed"),
    Option("-q", "", "accepted, and always so: nothing is said of tasks that are attached"),
    Option("--sched", "", "instead of calls, write which thread ran on which CPU and which one waited, as trace-event JSON, to FILE of -o"),
    Option("--json", "", "show each event as an object of JSON on a line of its own"),
]


def _long_form(option: Option) -> Option | None:
    names = " ".join(name for name in option.names if name.startswith("--"))
    return Option(names, option.metavar, option.help, option.default, option.convert, option.repeat) if names else None


OPTIONS = OWN + [option for option in map(_long_form, running.OPTIONS) if option is not None]

COMMAND = Command("trace", "Runs a program as './exo run' does, and shows the system calls that it and its children make, as strace(1) does.",
                  "[OPTION]… [--] COMMAND [ARGUMENT]…", OPTIONS, """
Calls are decoded from what the kernel itself read and wrote, by its own descriptions (./exo calls). The trace goes to standard error or
to FILE, never to standard output; the exit status is the program's, as with './exo run', whose options have their long form here.

  ./exo trace -- ls /                        every call
  ./exo trace -e trace=%file -y -- ls /      calls with paths, and what descriptors lead to
  ./exo trace -e '!read,write' -- sh -c …    all but two
  ./exo trace -c -- make                     what it calls, and which calls the kernel lacks
  ./exo trace --sched -o t.json --cpus 2 -- make -j2
                                             who ran where; open t.json in ui.perfetto.dev or chrome://tracing

docs/how_to/trace.md says more.""", {**running.ABSENT, "-p": "a machine is traced from its first program on, and a running program of this system never"})


def _check_alone(options) -> None:
    """Errors: UsageError."""
    if options.o is None:
        raise UsageError("--sched writes a file: name it with -o", "trace")
    others = [option.names[0] for option in OWN if option.names[0] not in ("--sched", "-o", "-s", "-f", "-q")
              and getattr(options, option.names[0].lstrip("-"))]
    if others:
        raise UsageError(f"--sched shows no calls, so {others[0]} would do nothing", "trace")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if not options.words:
        raise UsageError("which program? Name one, like './exo trace -- ls'", "trace")
    if options.json and (options.c or options.C):
        raise UsageError("--json and a table exclude each other", "trace")
    if options.sched:
        _check_alone(options)
    descriptions = descriptions_of_tree()
    try:
        chooser = filters.choose(options.e, descriptions)
    except ValueError as error:
        raise UsageError(f"-e: {error}", "trace") from None
    running.occupy_standard_streams()
    style = Style(stamps=int(options.t), shows_durations=options.T, shows_every_tid=options.o is not None)
    values = Values(options.s, options.y, options.v)
    kind = "timeline" if options.sched else "summary" if options.c else "both" if options.C else "json" if options.json else "text"
    tracer = Tracer(descriptions, chooser, values, style, kind, options.o)
    settings = running.prepare(options)
    status = run(settings, running.request_of(options, settings), tracer)
    try:
        tracer.conclude()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            complain(f"{options.o or 'standard error'}: {error.strerror}")
    return status
