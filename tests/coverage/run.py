#!/usr/bin/python3
"""Which of the kernel's code runs: ./exo test coverage [OPTION]…

Runs suites on the kernel of the preset `coverage` (Exo-OS only), takes its counters out of each machine's memory, and prints
what was reached of each folder of kernel/: all suites together, and the share of lines that each suite reaches alone.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(TESTS), "tools"))

from campaign.hostile import hostile  # noqa: E402
from campaign.machines import machine  # noqa: E402
from campaign.rules import generate  # noqa: E402
from exo import packages, paths  # noqa: E402
from exo.building import build  # noqa: E402
from exo.coverage import counters, profile, report  # noqa: E402
from exo.errors import ExoError  # noqa: E402

FOLDER = paths.in_build("coverage")
SUITES = ("linux", "cross", "hostile")
BATCH = 500
DEFAULT_COUNT = 2000
DEFAULT_JOBS = 2
# What has run and what has not, if counters are what they seem to be. No machine has panicked: it would not be complete.
MUST_RUN, MUST_NOT_RUN = "kernel_main", "exo::panic"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test coverage", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suites", default="linux,cross", help=f"of {', '.join(SUITES)} (default: linux,cross)")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, metavar="N",
                        help=f"sequences of cross and of hostile (default: {DEFAULT_COUNT})")
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence (default: 1)")
    parser.add_argument("--missing", metavar="FOLDER", help="list the functions of a folder of kernel/ that were never reached")
    parser.add_argument("--html", metavar="DIR", help="write llvm-cov's pages there: each line with its count")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--jobs", type=int, default=DEFAULT_JOBS, metavar="N",
                        help=f"machines at the same time (default: {DEFAULT_JOBS})")
    parser.add_argument("--from", dest="source", metavar="FOLDER", action="append",
                        help="run nothing: report what other runs kept there (build/coverage/SUITE; exo test cross --counters)")
    parser.add_argument("--kernel", metavar="FILE", help="another image instead of the preset's")
    parser.add_argument("--descriptions", metavar="FILE", help="what `exo calls --json` printed, instead of building it")
    options = parser.parse_args()
    options.suites = [suite for suite in options.suites.split(",") if suite]
    for suite in options.suites:
        if suite not in SUITES:
            parser.error(f"--suites: there is no {suite}; there are {', '.join(SUITES)}")
    if options.count < 1 or options.jobs < 1 or not options.suites:
        parser.error("at least one sequence, one machine, one suite")
    return options


def _run_linux(image: counters.Image, folder: str) -> list[str]:
    """What went wrong."""
    command = [sys.executable, os.path.join(TESTS, "linux", "run.py"), "--kernel", image.path, "--counters", folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    print(f"linux: {(done.stdout.splitlines() or ['nothing'])[-1]}", flush=True)
    return [line for line in done.stdout.splitlines() if line.startswith("FAIL")]


def _run_sequences(image: counters.Image, folder: str, generator, options: argparse.Namespace) -> list[str]:
    """What went wrong."""
    kernel = machine.exo_image(image.path, counters.Collector(image, folder))
    batches = [[generator.sequence(options.seed + index) for index in range(start, min(start + BATCH, options.count))]
               for start in range(0, options.count, BATCH)]
    problems = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for batch, run in zip(batches, pool.map(lambda batch: machine.run(kernel, batch), batches)):
            if not run.is_complete:
                problems.append(f"FAIL  seeds {batch[0].seed} to {batch[-1].seed}, after {len(run.payloads)} sequences: {run.end}")
    return problems


def _run(image: counters.Image, options: argparse.Namespace) -> tuple[dict[str, str], list[str]]:
    """Runs the suites. Where each has left its counters, and what went wrong."""
    machine.build_executor()
    if options.descriptions is None and options.suites != ["linux"]:
        build.ensure_call_table()
    folders, problems = {}, []
    for suite in options.suites:
        print(f"{suite} runs", flush=True)
        folders[suite] = os.path.join(FOLDER, suite)
        shutil.rmtree(folders[suite], ignore_errors=True)
        if suite == "linux":
            problems += _run_linux(image, folders[suite])
        else:
            with open(options.descriptions or build.call_table_path(), encoding="utf-8") as file:
                calls = json.load(file)["calls"]
            generator = generate.Generator(calls) if suite == "cross" else hostile.Generator(calls)
            problems += _run_sequences(image, folders[suite], generator, options)
    return folders, problems


def _profile(image: counters.Image, folders: list[str], name: str) -> str:
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, f"{name}.profdata")
    profile.write(image, counters.merge(image, folders), path)
    return path


def _report(image: counters.Image, folders: dict[str, str], options: argparse.Namespace) -> list[str]:
    """Prints and writes what is asked for. What cannot be right."""
    together = _profile(image, list(folders.values()), "all")
    rows = report.folders(image, together)
    alone = {suite: report.folders(image, _profile(image, [folder], suite)) for suite, folder in folders.items()} \
        if len(folders) > 1 else {}
    functions = report.functions(image, together)
    if options.missing is not None:
        print("\n".join(report.never_reached(functions, options.missing)))
    print(report.table(rows, alone))
    if options.html:
        report.write_pages(image, together, options.html)
        print(f"pages: {os.path.join(options.html, 'index.html')}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"together": report.as_json(rows), **{suite: report.as_json(row) for suite, row in alone.items()}}, file,
                      indent=1)
    return report.doubts(functions, MUST_RUN, MUST_NOT_RUN)


def main() -> int:
    options = _arguments()
    try:
        packages.ensure(packages.RUN + packages.TEST, "coverage")
        image = counters.Image(options.kernel or paths.kernel("coverage"))
        folders, problems = ({folder: folder for folder in options.source}, []) if options.source else _run(image, options)
        problems += [f"FAIL  {doubt}" for doubt in _report(image, folders, options)]
    except (ExoError, machine.BuildError, OSError, ValueError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{len(folders)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
