"""The modules of Python's suite: which there are, and what a machine is told to run one."""

from __future__ import annotations

import fnmatch
import mmap
import os
import re

from .. import paths
from ..archive import cpio
from ..errors import ExoError, meant

FOLDER = paths.in_root("tests", "python")
# What the modules need beside the suite itself; mount is for the machine's first process (tests/census/runner.sh).
PACKAGES = ("libpython3.11-testsuite", "mount", "python3", "python3-distutils", "python3-lib2to3", "tzdata")
PLACE = re.compile(r"(?:\./)?usr/lib/python3\.11/test/(test_\w+)(?:\.py|/(__init__|test_\w+)\.py)")
# A package whose modules are run one by one, as a whole it takes minutes.
SPLIT = ("test_asyncio",)
# What threads, processes, signals, files and sockets are for: these come first.
FIRST = ("test_threading", "test_subprocess", "test_asyncio.*", "test_concurrent_futures", "test_multiprocessing_*", "test_os", "test_posix",
         "test_signal", "test_socket", "test_select", "test_epoll", "test_selectors", "test_mmap", "test_fcntl", "test_pty", "test_io",
         "test_tempfile", "test_shutil", "test_resource", "test_time")
LINUX_LIMIT = 60  # seconds of the machine's time
LONG_LIMIT = 900  # for LONG, whose tests start hundreds of processes or wait for the clock
LONG = ("test_concurrent_futures", "test_multiprocessing_*", "test_signal", "test_subprocess")
HERE = 2  # times as long as on Linux
GRACE = 30  # for what the task does around the module
DUMP = 2  # seconds before the limit at which Python prints the stacks of its threads
RUN_NAMES = ("task.sh", "driver.py")


class Task:
    """A module to be run, as a machine of the census takes it (census/machine.py). `limit`: of the machine's first process."""

    def __init__(self, name: str, seconds: int) -> None:
        self.name = name
        self.limit = seconds + GRACE
        self.text = _read("task.sh").replace("@DRIVER@", _read("driver.py")).replace("@MODULE@", name).replace(
            "@LIMIT@", str(seconds)).replace("@DUMP@", str(seconds - DUMP))


def _read(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def linux_limit(name: str) -> int:
    """For how many seconds of the machine's time a module may run on Linux."""
    return LONG_LIMIT if any(fnmatch.fnmatchcase(name, pattern) for pattern in LONG) else LINUX_LIMIT


def linux_task(name: str) -> Task:
    return Task(name, linux_limit(name))


def here_task(name: str) -> Task:
    return Task(name, HERE * linux_limit(name))


def of_root(archive: str) -> list[str]:
    """The modules that a root has, those of FIRST first. Errors: ExoError for a root without the suite."""
    with open(archive, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        names = [entry.name for entry in cpio.read(content, archive, cpio.LINKS)]
    return ordered(names, archive)


def ordered(names: list[str], archive: str) -> list[str]:
    found = set()
    for name in names:
        place = PLACE.fullmatch(name)
        if place is None:
            continue
        module, inner = place[1], place[2]
        if module in SPLIT:
            found.update([f"{module}.{inner}"] if inner and inner != "__init__" else [])
        elif inner in (None, "__init__"):
            found.add(module)
    if not found:
        raise ExoError(f"{archive}: this root has no module of Python's suite")
    return sorted(found, key=lambda module: (_turn(module), module))


def _turn(module: str) -> int:
    return next((turn for turn, pattern in enumerate(FIRST) if fnmatch.fnmatchcase(module, pattern)), len(FIRST))


def choose(words: list[str], everything: list[str]) -> list[str]:
    """Those that match one of the patterns; a package's name stands for its modules too. All without words. Errors: ExoError."""
    if not words:
        return everything
    chosen = set()
    for word in words:
        matching = [module for module in everything if fnmatch.fnmatchcase(module, word) or module.startswith(word + ".")]
        if not matching:
            raise ExoError(f"Python's suite has no module {word}{meant(word, everything)}")
        chosen.update(matching)
    return [module for module in everything if module in chosen]
