#!/usr/bin/python3
"""Runs the same static programs and scripts on Linux and on Exo-OS and compares what they print and how they end.

A kernel of the preset kcsan fails for each data race that it reports, too.

usage: run.py [OPTION]… [PATTERN]

PATTERN is a regular expression that is searched in the names of the tests, like `signals/` or `pipe`.

  --oracle-only      only see whether the tests are right on Linux
  --again            ask Linux again, whatever it said before
  --kernel PATH      compare this kernel only, instead of build/release and build/debug
  --machine NAME     q35 or microvm, instead of q35 for the release and microvm for the debug kernel
  --cpus N           with so many CPUs, instead of one; Linux is asked with one
  --four-cpus        after that, the release kernel with four CPUs too (microvm). The host's clock is the machine's there: on a busy
                     host a test may come late
  --races            with --kernel, a build of the preset kcsan: only look for data races. What a test prints is not compared, because the
                     sanitizer makes the machine slow and tests late
  --counters FOLDER  with --kernel, a build of the preset coverage: only run there, compare nothing, and keep what the kernel
                     counted (./exo test coverage)
  --show             print what each test prints on Linux
  -v                 name each test that passes as well
"""

from __future__ import annotations

import concurrent.futures
import difflib
import os
import re
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import accepted  # noqa: E402
import errno_table  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import oracle  # noqa: E402
import programs  # noqa: E402
from exo.coverage.counters import Collector, Image  # noqa: E402  (machine made it importable)
from exo.errors import ExoError  # noqa: E402

WORKERS = min(2, os.cpu_count() or 1)
TESTS_PER_BOOT = 50
TESTS_PER_ORACLE_BOOT = 100
# How the status begins of a test that did not come to an end.
MACHINE_ENDS = ("the machine", "a frame", "timeout")


class Tally:
    """Counts and prints; several machines report at the same time."""

    def __init__(self, is_verbose: bool) -> None:
        self.passed = 0
        self.failed = 0
        self.postponed = 0
        self._is_verbose = is_verbose
        self._lock = threading.Lock()

    def passes(self, what: str) -> None:
        with self._lock:
            self.passed += 1
            if self._is_verbose:
                print(f"ok    {what}", flush=True)
            elif self.passed % 50 == 0:
                print(f"… {self.passed} passed so far", flush=True)

    def postpones(self) -> None:
        with self._lock:
            self.postponed += 1

    def fails(self, what: str, why: str) -> None:
        with self._lock:
            self.failed += 1
            print(f"FAIL  {what}\n{why.rstrip()}", flush=True)


def in_parallel(kernel: str, kind: str, tests: list, per_boot: int, on_result, tally: Tally, collector=None,
                cpus: int = 1) -> None:
    size = max(1, min(per_boot, -(-len(tests) // WORKERS)))
    # Taken in strides, so that a family of slow tests is spread over the machines.
    count = -(-len(tests) // size)
    portions = [tests[start::count] for start in range(count)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for future in [pool.submit(machine.run_all, kernel, kind, portion, on_result, collector, cpus) for portion in portions]:
            for note in future.result():
                # Something is not as the tests expect it, whatever their results say.
                tally.fails(f"the driver on {os.path.basename(kernel)} ({kind})", indent(note))


def ask_oracle(tests: list, tally: Tally) -> dict:
    """What Linux says of each test. Tests that are wrong there fail here and are left out."""
    answers = {test.name: oracle.cached(test) for test in tests}
    unknown = [test for test in tests if answers[test.name] is None]
    if unknown:
        print(f"asking Linux about {len(unknown)} tests", flush=True)

        def on_answer(test, result) -> None:
            answers[test.name] = result
            # How a machine ends that the host leaves too little time says nothing about the test: it is asked again.
            if not result.status.startswith(MACHINE_ENDS):
                oracle.save(test, result)

        in_parallel(oracle.kernel(), "q35", unknown, TESTS_PER_ORACLE_BOOT, on_answer, tally)
    right = {}
    for test in tests:
        answer = answers[test.name]
        if answer is None:
            tally.fails(f"{test.name} (oracle)", "Linux gave no answer")
            continue
        complaint = oracle.complaint(answer)
        if complaint:
            tally.fails(f"{test.name} (oracle)", f"broken test: {complaint}\n{indent(answer.output)}{indent(answer.log)}")
        else:
            right[test.name] = answer
    return right


def indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def difference(expected: machine.Result, actual: machine.Result) -> str:
    if actual.status.startswith(MACHINE_ENDS) and not actual.output:
        return f"    {actual.status}\n    the kernel's last words:\n{indent(actual.log)}"
    lines = difflib.unified_diff([*expected.output.splitlines(), f"[{expected.status}]"],
                                 [*actual.output.splitlines(), f"[{actual.status}]"], "Linux", "Exo-OS", lineterm="", n=2)
    text = indent("\n".join(lines))
    return text + (f"    the kernel's last words:\n{indent(actual.log)}" if actual.log else "")


def look_for_races(kernel: str, kind: str, tests: list, tally: Tally, cpus: int) -> None:
    """Runs the tests and compares nothing. A test fails if the machine does not survive it; in_parallel makes a failure of each race."""
    def on_result(test, result) -> None:
        if result.status.startswith("the machine"):
            tally.fails(test.name, difference(result, result))
        else:
            tally.passes(test.name)

    in_parallel(kernel, kind, tests, TESTS_PER_BOOT, on_result, tally, None, cpus)


def compare(kernel: str, kind: str, label: str, tests: list, answers: dict, tally: Tally, cpus: int) -> None:
    start = time.monotonic()
    later = accepted.later()

    def on_result(test, result) -> None:
        expected = accepted.adapt(test.name, answers[test.name])
        what = f"{test.name} ({label})"
        is_same = (result.status, result.output) == (expected.status, expected.output)
        if test.name in later:
            if is_same:
                tally.fails(what, "it passes now: take it out of later.txt")
            else:
                tally.postpones()
        elif is_same:
            tally.passes(what)
        else:
            tally.fails(what, difference(expected, result))

    in_parallel(kernel, kind, [test for test in tests if test.name in answers], TESTS_PER_BOOT, on_result, tally, None, cpus)
    print(f"{label}: {time.monotonic() - start:.0f} s", flush=True)


def count(kernel: str, kind: str, folder: str, tests: list, tally: Tally) -> None:
    """Runs the tests and keeps the kernel's counters. A test passes that comes to an end; those of later.txt need not."""
    later = accepted.later()
    try:
        collector = Collector(Image(kernel), folder)
    except ExoError as error:
        tally.fails("the kernel", str(error))
        return

    def on_result(test, result) -> None:
        if result.status.startswith(MACHINE_ENDS):
            if test.name in later:
                tally.postpones()
            else:
                tally.fails(test.name, difference(result, result))
        else:
            tally.passes(test.name)

    in_parallel(kernel, kind, tests, TESTS_PER_BOOT, on_result, tally, collector)


# Preset, machine and number of CPUs of what is compared.
COMPARED = (("release", "q35", 1), ("debug", "microvm", 1))
FOUR_CPUS = ("release", "microvm", 4)


def label_of(kernel: str, kind: str, cpus: int) -> str:
    return f"{kernel}, {kind}" + (f", {cpus} CPUs" if cpus > 1 else "")


def kernels(options: dict) -> list[tuple[str, str, str, int]]:
    """Path, machine, label and number of CPUs of each kernel to compare."""
    if options["--kernel"]:
        path, kind, cpus = options["--kernel"], options["--machine"] or "q35", int(options["--cpus"] or 1)
        return [(path, kind, label_of(os.path.basename(path), kind, cpus), cpus)]
    found = {}
    for preset, usual, usual_cpus in (*COMPARED, *([FOUR_CPUS] if options["--four-cpus"] else [])):
        path = os.path.join(programs.ROOT, "build", preset, "exo-os.elf")
        kind, cpus = options["--machine"] or usual, int(options["--cpus"] or usual_cpus)
        if os.path.exists(path):
            label = label_of(preset, kind, cpus)
            found[label] = (path, kind, label, cpus)
    return list(found.values())


def parse(arguments: list[str]) -> tuple[dict, str]:
    options = {"--oracle-only": False, "--again": False, "--show": False, "-v": False, "--kernel": "", "--machine": "", "--counters": "", "--cpus": "", "--four-cpus": False,
               "--races": False}
    patterns = []
    words = iter(arguments)
    for word in words:
        if word in ("-h", "--help"):
            print(__doc__)
            sys.exit(0)
        if not word.startswith("-"):
            patterns.append(word)
        elif word not in options:
            sys.exit(f"run.py: unknown option {word}")
        else:
            options[word] = next(words, "") if options[word] == "" else True
    if options["--counters"] and not options["--kernel"]:
        sys.exit("run.py: --counters: of which kernel? --kernel says it")
    if options["--races"] and not options["--kernel"]:
        sys.exit("run.py: --races: of which kernel? --kernel says it")
    if options["--machine"] not in ("", *machine.MACHINES):
        sys.exit(f"run.py: no such machine: {options['--machine']}")
    if options["--cpus"] not in ("", *map(str, range(1, 9))):
        sys.exit("run.py: --cpus: a number from 1 to 8")
    return options, "|".join(patterns)


def main(arguments: list[str]) -> int:
    options, pattern = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tests = [test for test in programs.find_all() if re.search(pattern, test.name)]
    if not tests:
        print(f"no test's name matches {pattern!r}; they are the paths below tests/linux/programs and tests/linux/scripts\n0 passed, 1 failed")
        return 1
    tally = Tally(bool(options["-v"]))
    image.ensure_busybox()
    complaints = programs.build(tests)
    if complaints:
        print("\n".join(complaints))
        tally.fails("the test programs", "do not build")
        print(f"{tally.passed} passed, {tally.failed} failed")
        return 1
    if options["--counters"]:
        count(options["--kernel"], options["--machine"] or "q35", options["--counters"], tests, tally)
        print(f"{tally.passed} passed, {tally.failed} failed")
        return 0 if tally.failed == 0 else 1
    if options["--races"]:
        look_for_races(options["--kernel"], options["--machine"] or "q35", tests, tally, int(options["--cpus"] or 1))
        print(f"{tally.passed} passed, {tally.failed} failed")
        return 0 if tally.failed == 0 else 1
    if options["--again"]:
        oracle.forget()
    if not pattern:
        for problem in errno_table.problems():
            tally.fails("docs/errnos.md", problem)
    answers = ask_oracle(tests, tally)
    if options["--show"]:
        for name, answer in answers.items():
            print(f"--- {name}\n{answer.output}", end="")
    compared = [] if options["--oracle-only"] else kernels(options)
    if not compared and not options["--oracle-only"]:
        tally.fails("the kernel", "there is none: ./exo build")
    for kernel, kind, label, cpus in compared:
        compare(kernel, kind, label, tests, answers, tally, cpus)
    if options["--oracle-only"]:
        tally.passed = len(answers)
    if tally.postponed:
        print(f"{tally.postponed} differ as later.txt says")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
