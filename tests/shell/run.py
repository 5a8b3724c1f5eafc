#!/usr/bin/python3
"""Runs the tests of this folder and ends with the line `N passed, N failed`.

usage: run.py [PATTERN]     PATTERN is a pytest expression as for its option -k, like `ctrl_c or stdin`

EXO_RUN_OPTIONS holds more options for every `./exo run`, like `--preset debug --memory 512`.
"""

import os
import sys

import pytest


class Counter:
    """Counts as pytest reports: a test fails once, wherever in set-up, call or clean-up that happens."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def main(folder: str, patterns: list[str]) -> int:
    counter = Counter()
    arguments = ["-q", "--no-header", "-p", "no:cacheprovider", "--durations=5", folder]
    if patterns:
        arguments += ["-k", " ".join(patterns)]
    status = pytest.main(arguments, plugins=[counter])
    print(f"{len(counter.passed - counter.failed)} passed, {len(counter.failed)} failed")
    no_tests = status == pytest.ExitCode.NO_TESTS_COLLECTED
    return 0 if status == pytest.ExitCode.OK or (no_tests and patterns) else 1


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main(os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]))
