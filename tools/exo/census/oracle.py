"""What the tasks did on Linux, in one run or two: kept below build/oracle/census for as long as nothing changes that they depend on."""

from __future__ import annotations

import hashlib
import json
import os

from .. import paths
from ..machine import counted_machine, debian_kernel
from . import machine
from .catalog import Program
from .machine import Outcome

FOLDER = paths.in_build("oracle", "census")
RUNS = (machine.FIRST, machine.SECOND)


def _key(program: Program, archive: str, kernel: str) -> str:
    with open(machine.RUNNER, "rb") as file:
        runner = file.read()
    parts = [program.text, str(program.limit), os.path.basename(archive), os.path.basename(kernel), machine.WORDS, counted_machine.CPU,
             *map(str, RUNS)]
    return hashlib.sha256("\0".join(parts).encode() + runner).hexdigest()


def cached(program: Program, archive: str, kernel: str, folder: str = FOLDER) -> list[Outcome]:
    """One outcome or two, or none."""
    try:
        with open(os.path.join(folder, f"{program.name}.json"), encoding="utf-8") as file:
            entry = json.load(file)
    except (OSError, ValueError):
        return []
    if entry["key"] != _key(program, archive, kernel):
        return []
    return [Outcome.of_json(value) for value in entry["outcomes"]]


def save(program: Program, archive: str, kernel: str, outcomes: list[Outcome], folder: str = FOLDER) -> None:
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{program.name}.json")
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({"key": _key(program, archive, kernel), "outcomes": [outcome.as_json() for outcome in outcomes]}, file)
    os.replace(temporary, path)


def kernel() -> str:
    return debian_kernel.ensure().path
