"""The counters of a kernel image: where they lie in a machine's memory, and their sums over machines."""

from __future__ import annotations

import array
import hashlib
import os
import struct
from typing import NamedTuple

from ..errors import ExoError

KERNEL_BASE = 0xFFFFFFFF80000000  # kernel.ld: physical address 0
TOLD = 1 << 63  # kernel/posix_x/procfs/coverage.cpp
SUFFIX = ".counters"

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")


class Section(NamedTuple):
    address: int
    content: bytes


class Image:
    """What is written in a kernel built with counters: llvm's sections, by name."""

    def __init__(self, path: str) -> None:
        """Errors: ExoError when it is no such kernel."""
        self.path = path
        sections = _sections(path)
        for name in ("__llvm_prf_cnts", "__llvm_prf_data", "__llvm_prf_names", "__llvm_covmap"):
            if name not in sections:
                raise ExoError(f"{path} counts nothing: it is not a build of the preset 'coverage'")
        self.counters = sections["__llvm_prf_cnts"]
        self.data = sections["__llvm_prf_data"]
        self.names = sections["__llvm_prf_names"]
        # Two images with the same functions may take each other's counters.
        self.digest = hashlib.sha256(self.data.content + self.names.content).hexdigest()[:12]

    @property
    def physical_address(self) -> int:
        return self.counters.address - KERNEL_BASE

    @property
    def size(self) -> int:
        return len(self.counters.content)


def _sections(path: str) -> dict[str, Section]:
    """Errors: ExoError."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ExoError(f"{path}: {error.strerror}") from None
    if data[:5] != b"\x7fELF\x02":
        raise ExoError(f"{path}: not an ELF file of 64 bits")
    *_, table, _, _, _, _, size, count, names_index = _HEADER.unpack_from(data)
    headers = [_SECTION.unpack_from(data, table + index * size) for index in range(count)]
    names = headers[names_index][4]
    found = {}
    for name, _, _, address, offset, length, *_ in headers:
        at = names + name
        found[data[at:data.index(b"\0", at)].decode()] = Section(address, data[offset:offset + length])
    return found


class Collector:
    """Where the counters of machines are kept: a file for each, in a folder."""

    def __init__(self, image: Image, folder: str) -> None:
        self.image = image
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def new_path(self) -> str:
        return os.path.join(os.path.abspath(self.folder), f"{self.image.digest}-{os.urandom(8).hex()}{SUFFIX}")

    def keep(self, counters: bytes) -> None:
        with open(self.new_path(), "wb") as file:
            file.write(counters)


def merge(image: Image, folders: list[str]) -> array.array:
    """The sums of all machines whose counters lie there.

    Errors: ExoError when there are none, or some are of another image.
    """
    total: list[int] | None = None
    for path in [os.path.join(folder, name) for folder in folders if os.path.isdir(folder) for name in sorted(os.listdir(folder))]:
        if not path.endswith(SUFFIX):
            continue
        with open(path, "rb") as file:
            one = array.array("Q", file.read())
        if len(one) * one.itemsize != image.size or not os.path.basename(path).startswith(image.digest):
            raise ExoError(f"{path} is of another image than {image.path}")
        values = [value & ~TOLD for value in one]
        total = values if total is None else [a + b for a, b in zip(total, values)]
    if total is None:
        raise ExoError(f"there are no counters in {', '.join(folders)}")
    return array.array("Q", total)
