"""How small: the kernel's image, and the least memory in which a shell still runs."""

from __future__ import annotations

import dataclasses
import os
import struct
import subprocess
from typing import Callable

from .. import paths
from ..errors import ExoError

MOST_MEMORY = 128  # MiB; more is no answer
TIME_LIMIT = 20  # seconds for one try
WORDS = "ok"

# elf(5): the file's and a program header's fields, little-endian, 64 bits.
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD, EXECUTABLE, WRITABLE = 1, 1, 2


@dataclasses.dataclass(frozen=True)
class Sizes:
    """In bytes."""

    text: int
    constants: int
    data: int
    zeroed: int  # takes memory, but no room in the file
    file: int  # with its debug information

    @property
    def loaded(self) -> int:
        return self.text + self.constants + self.data


def sizes(kernel: str) -> Sizes:
    """Errors: ExoError when the kernel is no ELF file of 64 bits."""
    text = constants = data = zeroed = 0
    with open(kernel, "rb") as file:
        content = file.read()
    if content[:5] != b"\x7fELF\x02":
        raise ExoError(f"{kernel}: not an ELF file of 64 bits")
    header = ELF_HEADER.unpack_from(content)
    offset, size, count = header[5], header[9], header[10]
    for number in range(count):
        kind, flags, _, _, _, in_file, in_memory, _ = PROGRAM_HEADER.unpack_from(content, offset + number * size)
        if kind != PT_LOAD:
            continue
        if flags & EXECUTABLE:
            text += in_file
        elif flags & WRITABLE:
            data += in_file
            zeroed += in_memory - in_file
        else:
            constants += in_file
    return Sizes(text, constants, data, zeroed, len(content))


def shell_works(kernel: str, memory: int) -> bool:
    """Whether `./exo run` with busybox's image and this many MiB comes to `sh -c 'echo ok'`."""
    command = [paths.in_root("exo"), "run", "--kernel", kernel, "-m", str(memory), "--timeout", str(TIME_LIMIT), "--",
               "sh", "-c", f"echo {WORDS}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode == 0 and done.stdout == WORDS + "\n"


def least(works: Callable[[int], bool], most: int = MOST_MEMORY) -> int:
    """The least number from 1 to `most` for which it works, if it works for all above it. Errors: ExoError for none."""
    if not works(most):
        raise ExoError(f"a shell does not even run in {most} MiB")
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def least_memory(kernel: str) -> int:
    return least(lambda memory: shell_works(os.path.abspath(kernel), memory))
