"""The tests of this folder and how they become files of a machine.

A test is a C program programs/FAMILY/NAME.c, named FAMILY/NAME, or a shell script scripts/NAME.sh, named scripts/NAME.
Lines at the head of either may say

    build: static-pie        or `glibc`, which are static programs on glibc, instead of one on musl
    limit: 60                seconds of the machine's time, instead of 10 (more on several CPUs)
"""

from __future__ import annotations

import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "linux-tests")
BUSYBOX = os.path.join(ROOT, "build", "busybox", "bin", "busybox")

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-nonnull", "-Wno-unused-result", "-Wno-unused-function",
            "-Wno-missing-field-initializers", "-Wno-stringop-overflow", "-Wno-stringop-overread", "-Wno-infinite-recursion",
            "-Wno-nonnull-compare", "-Wno-array-bounds", "-Wno-maybe-uninitialized", "-Wno-clobbered", "-Wno-return-type", "-Wno-dangling-pointer"]
COMPILERS = {
    "musl": ["musl-gcc", "-static", "-no-pie", "-fno-pie"],
    "static-pie": ["gcc", "-static-pie", "-fPIE"],
    "glibc": ["gcc", "-static", "-no-pie", "-fno-pie"],
}
DEFAULT_LIMIT = 10
# With several CPUs the machine's time is the host's, which other programs and the machine's other CPUs share: limits are so many times as
# long then, up to a number of seconds.
PATIENCE = 6
MOST_PATIENCE = 100


class Test:
    """One program or script, with the files that its machine needs."""

    def __init__(self, source: str) -> None:
        self.source = source
        folder, base = os.path.split(os.path.relpath(source, HERE))
        self.is_script = folder == "scripts"
        self.name = (folder if self.is_script else os.path.relpath(folder, "programs")) + "/" + os.path.splitext(base)[0]
        with open(source, encoding="utf-8") as file:
            head = "".join(file.readlines()[:6])
        self.build = self._option(head, "build", "musl")
        self.limit = int(self._option(head, "limit", str(DEFAULT_LIMIT)))

    @staticmethod
    def _option(head: str, name: str, default: str) -> str:
        found = re.search(rf"^(?://|#) {name}: (\S+)$", head, re.MULTILINE)
        return found[1] if found else default

    @property
    def content_path(self) -> str:
        """The file that the machine gets."""
        return self.source if self.is_script else os.path.join(BUILD, "programs", self.name)

    @property
    def guest_path(self) -> str:
        return "tests/" + self.name

    def list_line(self, cpus: int = 1) -> str:
        shell = "/bin/sh " if self.is_script else ""
        limit = self.limit if cpus == 1 else max(self.limit, min(self.limit * PATIENCE, MOST_PATIENCE))
        return f"{self.name} {limit} {shell}/{self.guest_path}\n"

    def hash(self) -> str:
        """Changes whenever the oracle has to be asked again."""
        return hashlib.sha256(self.list_line().encode() + _read(self.content_path)).hexdigest()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def find_all() -> list[Test]:
    sources = glob.glob(os.path.join(HERE, "programs", "*", "*.c")) + glob.glob(os.path.join(HERE, "scripts", "*.sh"))
    return [Test(source) for source in sorted(sources)]


def driver_path() -> str:
    return os.path.join(BUILD, "driver")


def build(tests: list[Test]) -> list[str]:
    """Builds the driver and the programs that changed, on all CPUs; returns the compiler's complaints."""
    header = os.path.join(HERE, "check.h")
    jobs = [(os.path.join(HERE, "driver.c"), driver_path(), "musl", [])]
    jobs += [(test.source, test.content_path, test.build, [header]) for test in tests if not test.is_script]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [message for message in pool.map(lambda job: _compile(*job), jobs) if message]


def _compile(source: str, result: str, kind: str, others: list[str]) -> str:
    # The options are part of the name that is compared, so that a change of them builds again as well.
    command = [*COMPILERS[kind], "-std=gnu17", "-ftrack-macro-expansion=0", "-fmax-errors=5", "-fno-diagnostics-show-caret", "-O1", "-s", *WARNINGS, "-I", HERE]
    stamp = hashlib.sha256(" ".join(command).encode() + b"".join(_read(path) for path in [source, *others])).hexdigest()
    if os.path.exists(result) and os.path.exists(result + ".stamp") and _read(result + ".stamp").decode() == stamp:
        return ""
    os.makedirs(os.path.dirname(result), exist_ok=True)
    run = subprocess.run([*command, "-o", result, source], capture_output=True, text=True)
    if run.returncode != 0:
        return run.stderr
    with open(result + ".stamp", "w", encoding="utf-8") as file:
        file.write(stamp)
    return ""
