#!/usr/bin/python3
"""Tests inside QEMU of what needs the machine: ./exo test kernel [--cpus N] [PATTERN].

Every test runs with both builds of the kernel, on both machines, but for the last kind. Four kinds:
  in_kernel.py   tests linked into a second image of the kernel's own objects (tests/kernel/*.cpp)
  programs.py    programs on the shipped image: hostile ones, and that nothing of them is left (tests/kernel/programs/)
  boot_paths.py  other loaders, and malformed hand-overs
  beside_linux.py  odd boot archives and command lines, on Debian's kernel too

PATTERN is a part of PRESET/MACHINE/NAME; PRESET/ at its beginning means that only this preset is built. A PATTERN that begins with kcsan
means the tests of the race detector instead, which need the preset kcsan and two CPUs; no other PATTERN runs them. With --cpus N the
first two kinds run on N CPUs, and the others do not run. The last line is 'N passed, N failed'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True  # before the imports that would write it beside the sources

import beside_linux  # noqa: E402
import boot_paths  # noqa: E402
import in_kernel  # noqa: E402
import machine  # noqa: E402
import programs  # noqa: E402
from build import Built, BuildError  # noqa: E402
from exo.errors import ExoError  # noqa: E402
from protocol import Outcome  # noqa: E402

AT_ONCE = 2
LONG_CPUS = (1, 2, 4, 8)


class Suite:
    """Collects jobs, runs them two at a time, and counts."""

    def __init__(self, pattern: str, cpus: int, is_long: bool) -> None:
        self.pattern = pattern
        self.is_long = is_long
        self.cpus = cpus  # of each machine
        self.passed = 0
        self.failed = 0
        self._jobs: list = []

    def wants(self, place: str, name: str) -> bool:
        return self.pattern in f"{place}/{name}"

    def add(self, job, *arguments) -> None:
        """`job(*arguments)` gives an Outcome or a list of them."""
        self._jobs.append((job, arguments))

    def report(self, outcome: Outcome) -> None:
        if outcome.problem:
            self.failed += 1
            print(outcome, flush=True)
        else:
            self.passed += 1
            if self.pattern:
                print(outcome, flush=True)

    def run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for result in pool.map(_run_job, self._jobs):
                for outcome in result if isinstance(result, list) else [result]:
                    self.report(outcome)
        self._jobs = []


def _run_job(job) -> list[Outcome] | Outcome:
    function, arguments = job
    try:
        return function(*arguments)
    except (ExoError, OSError) as error:  # one job's trouble, and the others go on
        return Outcome("/".join(word for word in arguments if isinstance(word, str)), function.__name__, f"  {error}")


def add_in_kernel(suite: Suite, built: Built, preset: str, where: str) -> None:
    place = f"{preset}/{where}"
    kernel = built.tests_image(preset)
    cpus = machine.RACES_CPUS if preset == machine.RACES else suite.cpus
    returning = []
    for name, kind in in_kernel.list_tests(kernel, where, built.empty_initramfs):
        if not suite.wants(place, name) or (preset == machine.RACES and not name.startswith(preset)):
            continue
        if kind == "returns":
            returning.append(name)
        else:
            suite.add(in_kernel.run_panicking, place, kernel, where, built.empty_initramfs, name, cpus)
    if returning:
        suite.add(in_kernel.run_returning, place, kernel, where, built.empty_initramfs, returning, cpus)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo test kernel", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pattern", nargs="?", default="", metavar="PATTERN", help="a part of PRESET/MACHINE/NAME")
    parser.add_argument("--cpus", type=int, choices=range(1, 9), metavar="N",
                        help="of each machine, 1 to 8 (default: 1). With several, the host's clock is the machine's")
    parser.add_argument("--long", action="store_true", help="5,000 rounds of the storm and a million switches of the registers' test. "
                        "Without --cpus: after that the first two kinds on 2, 4 and 8 CPUs too")
    return parser.parse_args()


def _run(suite: Suite, built: Built, presets: tuple[str, ...]) -> None:
    """All that there is for the suite's number of CPUs."""
    kinds = [programs.add, add_in_kernel]
    if presets == (machine.RACES,):
        kinds = [add_in_kernel]
    elif suite.cpus == 1:
        kinds = [boot_paths.add, beside_linux.add, *kinds]
    for preset in presets:
        for where in machine.MACHINES:
            started = time.monotonic()
            for add in kinds:
                try:
                    add(suite, built, preset, where)
                except RuntimeError as error:
                    suite.report(Outcome(f"{preset}/{where}", add.__module__, str(error)))
            suite.run()
            cpus = f", {suite.cpus} CPUs" if suite.cpus > 1 else ""
            print(f"{preset}/{where}{cpus}: {time.monotonic() - started:.1f} s", flush=True)


def main() -> int:
    options = _arguments()
    suite = Suite(options.pattern, options.cpus or 1, options.long)
    presets = machine.presets_for(suite.pattern)
    with tempfile.TemporaryDirectory(prefix="exo-kernel-tests-") as folder:
        try:
            built = Built(folder, presets)
        except BuildError as error:
            print(error)
            print("0 passed, 1 failed")
            return 1
        several = LONG_CPUS if options.long and options.cpus is None and presets != (machine.RACES,) else (suite.cpus,)
        for suite.cpus in several:
            _run(suite, built, presets)
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed or not suite.passed else 0


if __name__ == "__main__":
    sys.exit(main())
