#!/usr/bin/python3
"""Tests inside QEMU of what needs the machine: ./exo test kernel [PATTERN].

Every test runs with both builds of the kernel, on both machines, but for the last kind. Four kinds:
  in_kernel.py   tests linked into a second image of the kernel's own objects (tests/kernel/*.cpp)
  programs.py    programs on the shipped image: hostile ones, and that nothing of them is left (tests/kernel/programs/)
  boot_paths.py  other loaders, and malformed hand-overs
  beside_linux.py  odd boot archives and command lines, on Debian's kernel too

PATTERN is a part of PRESET/MACHINE/NAME; PRESET/ at its beginning means that only this preset is built. One that begins with kcsan means the tests of the race detector instead, which need the
preset kcsan and two CPUs; that preset is not among the builds of the first line. The last line is 'N passed, N failed'.
"""

from __future__ import annotations

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


class Suite:
    """Collects jobs, runs them two at a time, and counts."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
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
    cpus = machine.RACES_CPUS if preset == machine.RACES else 1
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


def main() -> int:
    suite = Suite(sys.argv[1] if len(sys.argv) > 1 else "")
    presets = machine.presets_for(suite.pattern)
    kinds = (add_in_kernel,) if presets == (machine.RACES,) else (boot_paths.add, beside_linux.add, programs.add, add_in_kernel)
    with tempfile.TemporaryDirectory(prefix="exo-kernel-tests-") as folder:
        try:
            built = Built(folder, presets)
        except BuildError as error:
            print(error)
            print("0 passed, 1 failed")
            return 1
        for preset in presets:
            for where in machine.MACHINES:
                started = time.monotonic()
                for add in kinds:
                    try:
                        add(suite, built, preset, where)
                    except RuntimeError as error:
                        suite.report(Outcome(f"{preset}/{where}", add.__module__, str(error)))
                suite.run()
                print(f"{preset}/{where}: {time.monotonic() - started:.1f} s", flush=True)
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed or not suite.passed else 0


if __name__ == "__main__":
    sys.exit(main())
