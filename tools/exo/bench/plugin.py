"""The counting plugins for QEMU: made when they are needed, and what that for one CPU (tools/qemu_plugin) writes."""

from __future__ import annotations

import dataclasses
import glob
import json
import os
from typing import Iterable

from .. import packages, paths, process
from ..building import fingerprint
from ..errors import ExoError
from ..machine import qemu

SOURCES = paths.in_root("tools", "qemu_plugin")
RESULT = paths.in_build("bench", "exo-counts.so")
COMPILERS = ("gcc", "clang-19")
FLAGS = ("-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-shared", "-fPIC")
ALL_REGIONS = "all"


@dataclasses.dataclass(frozen=True)
class RegionCounts:
    """What was executed between two markers. The fields are those of the plugin's lines."""

    region: int
    instructions: int
    kernel: int
    user: int
    syscall: int
    iret: int
    sysret: int
    cr3: int
    invlpg: int
    swapgs: int
    wrmsr: int
    rdmsr: int
    locked: int
    xsave: int
    xrstor: int
    hlt: int
    io: int


def build(force: bool = False) -> str:
    """The path of the compiled plugin for one CPU. Errors: as compile."""
    return compile(RESULT, sorted(glob.glob(os.path.join(SOURCES, "*.c"))), force)


def compile(result: str, sources: list[str], force: bool = False) -> str:
    """Makes the plugin `result` when a file in the folders of its sources has changed since, and returns its path.

    Errors: ExoError when there is no compiler, it fails, or QEMU cannot load plugins.
    """
    folders = sorted({os.path.dirname(source) for source in sources})
    made_from = fingerprint.of(folders)
    stamp = result + ".inputs"
    if not force and os.path.exists(result) and fingerprint.matches(stamp, made_from):
        return result
    _ensure_plugins_work()
    compiler = next(filter(None, map(packages.find_program, COMPILERS)), None)
    if compiler is None:
        raise ExoError("counting needs a C compiler for a QEMU plugin: gcc or clang-19")
    os.makedirs(os.path.dirname(result), exist_ok=True)
    temporary = f"{result}.{os.getpid()}"
    headers = [flag for folder in folders for flag in ("-iquote", folder)]
    process.run([compiler, *FLAGS, *headers, *sources, "-o", temporary], "compiling the QEMU plugin")
    os.replace(temporary, result)
    fingerprint.save(stamp, made_from)
    return result


def _ensure_plugins_work() -> None:
    """A QEMU that can load plugins fails to find one of this name; one that cannot does not know the option."""
    _, answer = process.capture([qemu.PROGRAM, "-plugin", "help", "-M", "none", "-display", "none"])
    if "Could not load plugin" not in answer:
        lines = answer.strip().splitlines() or ["it says nothing"]
        raise ExoError(f"this QEMU cannot load plugins, which counting needs: {lines[-1]}")


@dataclasses.dataclass(frozen=True)
class Arrival:
    """When the processor first came to an address: instructions begun before, and time since the emulator's start."""

    address: int
    instructions: int
    nanoseconds: int


def arguments(out: str, profile: int | str | None = None, watch: Iterable[int] = (), counts: bool = True) -> list[str]:
    """QEMU's arguments for counting into the file `out`; with `profile` (a region's number, or ALL_REGIONS) also the
    call stacks, into stacks_path(out); with addresses to `watch`, the arrivals there, into watch_path(out). Without
    `counts` only these, and the guest is not slowed down."""
    for path in (RESULT, out):
        if "," in path:
            raise ExoError(f"QEMU would take the comma in {path} for the end of a name")
    value = f"{build()},out={out}"
    if profile is not None:
        value += f",profile={profile}"
    value += "".join(f",watch={address:#x}" for address in watch)
    return ["-plugin", value if counts else f"{value},count=off"]


def stacks_path(out: str) -> str:
    return f"{out}.stacks"


def watch_path(out: str) -> str:
    return f"{out}.watch"


def read(path: str) -> list[RegionCounts]:
    """The regions in the order in which they were opened. One that was never closed is not there.

    Errors: ExoError when the file is not the plugin's.
    """
    return _read(path, RegionCounts)


def read_arrivals(out: str) -> list[Arrival]:
    """The watched addresses that were reached, in that order. Errors: ExoError when the file is not the plugin's."""
    return _read(watch_path(out), Arrival)


def _read(path: str, kind: type) -> list:
    try:
        with open(path, encoding="ascii") as file:
            return [kind(**json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError) as error:
        raise ExoError(f"{path}: not what the QEMU plugin writes: {error}") from None
