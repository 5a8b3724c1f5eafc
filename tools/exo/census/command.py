"""`./exo census`: real tasks of 200 programs, on Linux and on Exo-OS."""

from __future__ import annotations

import os
import time

from .. import packages, paths
from ..building import build
from ..errors import ExoError
from ..machine import debian_kernel
from ..options import Command, Option, parse
from ..process import say
from . import catalog, page, survey
from .compare import DIFFERS, NOT_RUN, SAME, UNFIT

COMMAND = Command("census", "Runs a real task of each of 200 programs on Linux and on Exo-OS, and compares what they do.",
                  "[OPTION]… [PROGRAM|GROUP|SECTION]…", [
                      Option("--list", "", "show the programs, their groups and what became of them, and run nothing"),
                      Option("--show", "", "print what each task did, on Linux and here"),
                      Option("--save", "", "put the results into docs/census.json and docs/census.md"),
                      Option("--again", "", "ask Linux again, whatever is kept of it"),
                      Option("--jobs", "N", f"machines at a time (default {survey.AT_ONCE}); each takes 2 to 4 GiB of memory", survey.AT_ONCE, int),
                      Option("--preset", "NAME", "the kernel to run (default release)", "release"),
                      Option("--kernel", "FILE", "another kernel")], """
Programs of a group share a root file system, which is made of Debian packages once and kept below ~/.cache/exo
(for all: an hour, 1.2 GB of packages and 8 GB of roots). What Linux does is kept in build/oracle/census until a task, the root or Linux changes.

The exit status is 1 when a program that docs/census.json calls the same does something else now, or a task is unfit.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    everything = catalog.programs()
    chosen = catalog.choose(options.words, everything)
    if options.list:
        _list(chosen)
        return 0
    if options.jobs < 1:
        raise ExoError("census: --jobs needs a number above 0")
    packages.ensure(packages.RUN, "the census")
    if not options.kernel:
        build.ensure(options.preset)
    started = time.monotonic()
    run = survey.Survey(options.kernel or paths.kernel(options.preset), catalog.groups(), options.again, options.jobs)
    before = page.passed_before()
    worse: list[str] = []

    def tell(program: catalog.Program, verdict) -> None:
        is_worse = verdict.result == UNFIT or verdict.result == DIFFERS and program.name in before
        worse.extend([program.name] if is_worse else [])
        print(describe(program, verdict), flush=True)
        if options.show:
            _show(program, run)

    try:
        run.run(chosen, tell)
    except KeyboardInterrupt:
        say("stopped; what Linux did of the groups that are done is kept")
        return 130
    seconds = time.monotonic() - started
    results = [verdict.result for verdict in run.verdicts.values()]
    print(f"{results.count(SAME)} the same, {results.count(DIFFERS)} differ, {results.count(UNFIT)} unfit, "
          f"{results.count(NOT_RUN)} not run, in {seconds:.0f} s")
    if options.save:
        linux = debian_kernel.ensure()
        page.save(everything, run.verdicts, catalog.causes(), f"{linux.package} {linux.version}",
                  seconds if len(chosen) == len(everything) and options.again else None)
        say(f"wrote {os.path.relpath(page.PAGE, paths.ROOT)} and {os.path.relpath(page.DATA, paths.ROOT)}")
    elif worse:
        say(f"worse than docs/census.json has it: {', '.join(worse)}")
    return 1 if worse and not options.save else 0


def describe(program: catalog.Program, verdict) -> str:
    masked = f"  (masked: {', '.join(verdict.masks)})" if verdict.masks else ""
    text = f"{verdict.result:<8} {program.name}{masked}"
    return text + ("\n" + "\n".join(f"    {line}" for line in verdict.why.split("\n")) if verdict.why and verdict.result != NOT_RUN else "")


def _list(programs: list[catalog.Program]) -> None:
    entries = page.read()["programs"]
    for program in programs:
        result = f"needs {program.needs}" if program.needs else entries.get(program.name, {}).get("result", "not yet run")
        print(f"{program.name:<20} {program.group:<13} {program.section:<13} {result:<15} {program.summary}")


def _show(program: catalog.Program, run: survey.Survey) -> None:
    if program.name not in run.outcomes:
        return
    for what, outcome in (("Linux", run.linux[program.name][0]), ("Exo-OS", run.outcomes[program.name])):
        print(f"---- {program.name} on {what}: status {outcome.status}\n{outcome.output.rstrip()}")
        print("\n".join(f"  {line}" for line in outcome.files))
        if outcome.log and not outcome.status.isdigit():
            print(f"---- the console:\n{outcome.log}")
