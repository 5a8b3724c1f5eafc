"""`./exo test`: builds what the tests need, runs them, and adds up what they report.

A suite is a program (or ctest) that ends with the line `N passed, N failed`. One that crashes, or ends with another
status than its counts explain, counts as failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import packages, paths
from .building import build
from .errors import ExoError, UsageError, meant
from .options import Command, Option, parse
from .process import capture, say
from .text import plain

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
AT_ONCE = 2
SHOWN_LINES = 300

COUNTS = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed", re.MULTILINE)
CTEST_COUNTS = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)", re.MULTILINE)

COMMAND = Command("test", "Builds and runs the tests: all, or one suite, or the tests of it that match a pattern.",
                  "[--quick | --long | SUITE [PATTERN] | kernel [OPTION]… [PATTERN] | cross [OPTION]… | hostile [OPTION]… | census [OPTION]… | python [OPTION]… | coverage [OPTION]…]",
                  [Option("--quick", "", "a slice of each suite, on the release kernel and the hosted build: some 3 minutes"),
                   Option("--long", "", "all suites, the random ones for half an hour each")], """
suites, fastest first:
  model   models of the protocols between CPUs, in spin
  exo     the exo command itself, and the order of the layers
  unit    the kernel's portable part as a Linux library, under sanitizers
  bench   instructions of each operation, against the least that it has cost
  shell   './exo run' with streams and on a terminal
  kernel  inside QEMU, for what needs the machine
  linux   the same static programs on Linux and on Exo-OS
  cross   random programs on Linux and on Exo-OS: those that once showed a difference, and new ones
  hostile programs made to hurt, on the debug kernel: those that once failed, and new ones
  census  real tasks of Debian's programs on Linux and on Exo-OS: thirty in turn of those that once did the same; among all
          suites only those whose roots are kept
only when named, and with --long:
  kcsan   data races on several CPUs: what the detector must find, and that it finds nothing in programs and hostile sequences
only when named:
  python  Python's own suite on Linux and on Exo-OS, module by module: for nine minutes, and the next run goes on
  coverage which of the kernel's code the suites reach
kernel, cross, hostile, census, python and coverage have options of their own ('./exo test cross --help').

Each suite's output is kept in build/test-logs/SUITE.log. The last line is 'N passed, N failed'.""")


class Suite:
    """One suite: the presets that it needs, and the commands that run it."""

    # Whether the words behind its name are its own business.
    has_options = False
    # Whether its program prints a help of its own.
    has_help = False
    # Whether it runs when all suites do, and whether it does with --long.
    is_among_all = True
    is_among_long = True
    # Whether --quick has a slice of it.
    is_quick = True
    # Whether it says itself why there may be nothing to run.
    may_run_nothing = False

    def __init__(self, name: str, presets: tuple[str, ...], needs_init: bool = False, quick: tuple[str, ...] = (),
                 quick_presets: tuple[str, ...] | None = None, long: tuple[str, ...] = (), among_all: tuple[str, ...] = ()) -> None:
        """`quick`, `long`, `among_all`: what it is told with --quick, with --long, and when all suites run; `quick_presets`: what --quick
        builds for it."""
        self.name = name
        self.presets = presets
        self.needs_init = needs_init
        self.quick = quick
        self.quick_presets = presets if quick_presets is None else quick_presets
        self.long = long
        self.among_all = among_all

    @property
    def program(self) -> str:
        return paths.in_root("tests", self.name, "run.py")

    def exists(self) -> bool:
        return os.path.exists(self.program)

    def presets_for(self, words: list[str]) -> tuple[str, ...]:
        """What has to be built first."""
        return self.presets

    def commands(self, words: list[str]) -> list[list[str]]:
        return [[PYTHON, self.program, *words]]

    def log(self) -> str:
        return paths.in_build("test-logs", f"{self.name}.log")


class UnitSuite(Suite):
    """The hosted unit tests, which CMake knows: one run of ctest for each preset."""

    def exists(self) -> bool:
        return os.path.isdir(paths.in_root("tests", "unit"))

    def commands(self, words: list[str]) -> list[list[str]]:
        is_quick = tuple(words) == self.quick
        # A preset that builds no test is a fault of its CMake files. A pattern needs to match in one preset only (_run).
        choice = [*words, "--no-tests=error"] if is_quick or not words else ["-R", *words]
        return [["ctest", "--test-dir", paths.in_build(preset), "--output-on-failure", "--timeout", "300",
                 "-j", str(os.cpu_count() or 1), *choice] for preset in (self.quick_presets if is_quick else self.presets)]


class LinuxSuite(Suite):
    """The comparison with Linux."""

    has_help = True


class Campaign(Suite):
    """Goes on for as long as it is told to."""

    has_options = True
    has_help = True

    def __init__(self, name: str, presets: tuple[str, ...], is_among_all: bool = True, is_among_long: bool = True,
                 **others: tuple[str, ...]) -> None:
        super().__init__(name, presets, **others)
        self.is_among_all = is_among_all
        self.is_among_long = is_among_long

    def presets_for(self, words: list[str]) -> tuple[str, ...]:
        """Nothing for an image that is there, and nothing for what has run already."""
        if "--tally" in words or any(_option(words, name) is not None for name in ("--kernel", "--from")):
            return ()
        preset = _option(words, "--preset") or ("coverage" if "--guided" in words else None)
        return self.presets if preset is None else (preset,)


class KernelSuite(Suite):
    """The tests that need the machine. A pattern that begins with kcsan, or with PRESET/, needs one preset."""

    has_options = True
    has_help = True

    def presets_for(self, words: list[str]) -> tuple[str, ...]:
        patterns = [word for index, word in enumerate(words) if not word.startswith("-") and words[index - 1:index] != ["--cpus"]]
        preset, slash, _ = (patterns[0] if patterns else "").partition("/")
        if preset.startswith("kcsan"):
            return ("kcsan",)
        return (preset,) if slash and preset in self.presets else self.presets


class RaceSuite(Suite):
    """The kernel with KCSAN in the other suites' programs: one run each, or those that `words` names."""

    is_among_all = False
    is_quick = False
    RUNS = {
        "kernel": ("kcsan",),
        "linux": ("--kernel", paths.kernel("kcsan"), "--machine", "microvm", "--cpus", "4", "--races"),
        "hostile": ("--preset", "kcsan", "--cpus", "4", "--count", "150"),
    }

    def exists(self) -> bool:
        return True

    def commands(self, words: list[str]) -> list[list[str]]:
        return [[PYTHON, paths.in_root("tests", name, "run.py"), *options] for name, options in self.RUNS.items()
                if not words or words[0] in name]


class Census(Campaign):
    """Among all suites it takes the roots that are kept: on a fresh machine to make them takes longer than all other suites."""

    is_quick = False
    may_run_nothing = True


def _option(words: list[str], name: str) -> str | None:
    """Its value, as `NAME VALUE` or `NAME=VALUE`."""
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    return None


KEPT = ("--kept", "--jobs", "1")

SUITES = (
    Suite("model", ()),
    Suite("exo", (), needs_init=True, quick=("layers or calls or command_line",)),
    UnitSuite("unit", ("hosted", "hosted-tsan"), quick=("-E", "fuzz"), quick_presets=("hosted",)),
    Suite("bench", ("release",)),
    Suite("shell", ("release",), needs_init=True, quick=("exit_status or stdin or copy",)),
    KernelSuite("kernel", ("debug", "release"), quick=("release/microvm",), quick_presets=("release",), long=("--long",)),
    LinuxSuite("linux", ("release", "debug"), quick=("--kernel", paths.kernel("release"), "signals/|pipes/|exec/|memory/"),
               quick_presets=("release",), long=("--four-cpus",)),
    Campaign("cross", ("release",), quick=("--count", "600"), long=("--time", "30")),
    Campaign("hostile", ("debug",), quick=("--preset", "release", "--count", "150"), quick_presets=("release",), long=("--time", "30")),
    Census("census", ("release",), long=KEPT, among_all=KEPT),
    RaceSuite("kcsan", ("kcsan",)),
    Campaign("python", ("release",), is_among_all=False, is_among_long=False),
    Campaign("coverage", ("coverage",), is_among_all=False, is_among_long=False),
)


class Result:
    """What came of a suite."""

    def __init__(self, name: str, passed: int, failed: int, seconds: float, output: str) -> None:
        self.name = name
        self.passed = passed
        self.failed = failed
        self.seconds = seconds
        self.output = output

    def __str__(self) -> str:
        return f"{self.name:<7} {self.passed:>5} passed, {self.failed} failed  {self.seconds:7.1f} s"


def count(output: str, status: int) -> tuple[int, int]:
    """Passed and failed, from the last line that counts. Without one, or with a bad status alone: one failed."""
    totals = COUNTS.findall(output)
    ctest = CTEST_COUNTS.findall(output)
    if totals:
        passed, failed = (int(number) for number in totals[-1])
    elif ctest:
        failed, total = (int(number) for number in ctest[-1])
        passed = total - failed
    elif status == 0 and "No tests were found" in output:  # none that matches
        return 0, 0
    else:
        return 0, 1
    return passed, failed if failed or status == 0 else 1


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if any(word in ("--help", "-h") for word in options.words[1:]):
        chosen, _ = _choose(options.words[:1])
        if not chosen[0].has_help:
            print(COMMAND.help())
            return 0
        return subprocess.run(chosen[0].commands(["--help"])[0], check=False).returncode
    if (options.quick or options.long) and options.words or options.quick and options.long:
        raise UsageError("--quick and --long are about all suites, and one or the other", "test")
    chosen, words = _choose(options.words, options.long)
    if options.quick:
        chosen = [suite for suite in chosen if suite.is_quick]
    if len(chosen) == 1 and chosen[0].has_help:
        _check_options(chosen[0], words)
    told = {suite.name: list(suite.quick if options.quick else suite.long if options.long else suite.among_all if not options.words else words)
            for suite in chosen}
    packages.ensure(packages.RUN + packages.TEST, "testing")
    needed = {suite.name: suite.quick_presets if options.quick else suite.presets_for(told[suite.name]) for suite in chosen}
    broken = _build(chosen, needed)
    os.makedirs(paths.in_build("test-logs"), exist_ok=True)
    results = [Result(suite.name, 0, 1, 0.0, broken[suite.name]) for suite in chosen if suite.name in broken]
    runnable = [suite for suite in chosen if suite.name not in broken]
    is_alone = len(chosen) == 1

    def run_one(suite: Suite) -> Result:
        result = _run(suite, told[suite.name], show=is_alone)
        if not is_alone:
            say(str(result))
        return result

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results += pool.map(run_one, runnable)
    return _report(results, is_alone)


def _choose(words: list[str], is_long: bool = False) -> tuple[list[Suite], list[str]]:
    """The suites, and what else they are told."""
    if not words:
        return [suite for suite in SUITES if suite.exists() and (suite.is_among_long if is_long else suite.is_among_all)], []
    for suite in SUITES:
        if suite.name == words[0]:
            if not suite.exists():
                raise ExoError(f"there are no {suite.name} tests in this tree")
            if len(words) > 2 and not suite.has_options:
                option = next((word for word in words[1:] if word.startswith("-")), None)
                raise UsageError(f"{suite.name} has no option {option}" if option
                                 else "too many words; a pattern with spaces needs quotes", "test")
            return [suite], words[1:]
    raise UsageError(f"unknown suite {words[0]}; there are {', '.join(suite.name for suite in SUITES)}", "test")


def _check_options(suite: Suite, words: list[str]) -> None:
    """An option that the help of the suite's program does not name is said before the builds, which may take minutes. Errors: UsageError."""
    given = [word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2]
    if given:
        known = re.findall(r"--[a-z][a-z-]*", capture(suite.commands(["--help"])[0])[1])
        for name in given:
            if not any(one.startswith(name) for one in known):  # argparse takes the beginning of a name
                raise UsageError(f"{suite.name} has no option {name}{meant(name, known)}", f"test {suite.name}")


def _build(suites: list[Suite], needed: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Builds every preset that is needed, one after the other. Returns the suites that cannot run, with the reason."""
    failures: dict[str, str] = {}
    for preset in build.PRESETS:
        if any(preset in needed[suite.name] for suite in suites):
            try:
                build.ensure_preset(preset)
            except ExoError as error:
                say(str(error))
                failures[preset] = str(error)
    if any(suite.needs_init for suite in suites):
        try:
            build.ensure_init()
        except ExoError as error:
            say(str(error))
            failures["init"] = str(error)
    broken = {}
    for suite in suites:
        for part in (*needed[suite.name], *(["init"] if suite.needs_init else [])):
            if part in failures:
                broken[suite.name] = failures[part]
    return broken


def _run(suite: Suite, words: list[str], show: bool) -> Result:
    started = time.monotonic()
    passed = failed = 0
    everything = []
    with open(suite.log(), "w", encoding="utf-8") as log:
        for command in suite.commands(words):
            output, status = _run_command(command, log, show)
            more_passed, more_failed = count(output, status)
            passed += more_passed
            failed += more_failed
            everything.append(output)
        if passed + failed == 0 and not suite.may_run_nothing:
            failed = 1
            everything.append(f"no test of {suite.name} matches {' '.join(words)}\n")
            log.write(everything[-1])
            if show:
                print(everything[-1], end="", flush=True)
    return Result(suite.name, passed, failed, time.monotonic() - started, "".join(everything))


def _run_command(command: list[str], log, show: bool) -> tuple[str, int]:
    lines = []
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               cwd=paths.ROOT, text=True, errors="replace")
    assert process.stdout is not None
    for line in process.stdout:
        line = plain(line.rstrip("\n")) + "\n"  # firmware and line editors move the cursor about
        lines.append(line)
        log.write(line)
        if show:
            print(line, end="", flush=True)
    return "".join(lines), process.wait()


def _report(results: list[Result], is_alone: bool) -> int:
    for result in results:
        if result.failed and not is_alone:
            lines = result.output.rstrip("\n").split("\n")
            print(f"\n---- {result.name}: the last lines of build/test-logs/{result.name}.log")
            print("\n".join(lines[-SHOWN_LINES:]))
    print()
    for result in results:
        print(result)
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not results else 0
