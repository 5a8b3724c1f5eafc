"""The tests inside the kernel: build/<preset>/exo-os-tests.elf, made of tests/kernel/*.cpp and the kernel's own objects."""

from __future__ import annotations

import re

import machine
from protocol import Outcome, Transcript, missing, run_all


def _boot(kernel: str, where: str, initramfs: str, what: str, cpus: int) -> machine.Run:
    return machine.boot_kernel(kernel, where, f"console=ttyS0 kernel_test={what}", initramfs, cpus=cpus)


def list_tests(kernel: str, where: str, initramfs: str) -> list[tuple[str, str]]:
    """(name, "returns" or "panics") of each test in the image. Raises RuntimeError if it does not say."""
    transcript = Transcript(_boot(kernel, where, initramfs, "list", 1))
    if not transcript.is_done or not transcript.listed:
        raise RuntimeError(f"{kernel} does not list its tests: {transcript.run.end}\n{transcript.run.tail()}")
    return transcript.listed


def run_returning(place: str, kernel: str, where: str, initramfs: str, names: list[str], cpus: int = 1) -> list[Outcome]:
    return run_all(place, names, lambda some: _boot(kernel, where, initramfs, ",".join(some), cpus))


def run_panicking(place: str, kernel: str, where: str, initramfs: str, name: str, cpus: int = 1) -> Outcome:
    transcript = Transcript(_boot(kernel, where, initramfs, name, cpus))
    problems = [f"  {problem}" for problem in _check_panic(transcript, name)]
    return Outcome(place, name, "\n".join([*problems, transcript.run.tail()]) if problems else "")


def _check_panic(transcript: Transcript, name: str) -> list[str]:
    problems = list(transcript.failures.get(name, []))
    run = transcript.run
    if name not in transcript.begun:
        return problems + [f"it was not run; {run.end}"]
    if run.status != machine.EXIT_PANIC:
        problems.append(f"{run.end} instead of a panic's, {machine.EXIT_PANIC}")
    reports = [line for line in transcript.others if line.startswith("kernel panic: ")]
    if len(reports) != 1:
        problems.append(f"{len(reports)} panic reports instead of one")
    problems += missing("\n".join(transcript.others), transcript.expected.get(name, []))
    # Each caller has a name; the first line is the place itself, which may be no function.
    start = transcript.others.index("call chain:") + 2 if "call chain:" in transcript.others else 0
    for line in transcript.others[start:] if start else []:
        if re.fullmatch(r"  ffffffff8[0-9a-f]{7}", line):
            problems.append(f"no name for{line}")
    return problems
