"""Counters as a profile that LLVM's tools read.

What the compiler's run-time library would write (llvm/ProfileData/InstrProfData.inc, version 10, LLVM 19): a header, then
the sections of the image with the machine's counters in their place.
"""

from __future__ import annotations

import array
import os
import struct

from .. import process
from ..errors import ExoError
from .counters import Image

PROFDATA = "llvm-profdata-19"
MAGIC = 0xFF6C70726F667281  # "\xfflprofr\x81": 64 bits
VERSION = 10
LAST_VALUE_KIND = 2
RECORD_SIZE = 64  # of __llvm_prf_data


def raw(image: Image, counters: array.array) -> bytes:
    """The bytes of a .profraw file."""
    if len(image.data.content) % RECORD_SIZE:
        raise ExoError(f"{image.path}: its records are not those of LLVM 19")
    records, names = len(image.data.content) // RECORD_SIZE, image.names.content
    names_padding = -len(names) % 8
    header = struct.pack(
        "<16Q", MAGIC, VERSION, 0, records, 0, len(counters), 0, 0, 0, len(names),
        (image.counters.address - image.data.address) % (1 << 64),  # as the records say it: from themselves
        0, image.names.address, 0, 0, LAST_VALUE_KIND)
    return header + image.data.content + counters.tobytes() + names + b"\0" * names_padding


def write(image: Image, counters: array.array, path: str) -> None:
    """An indexed profile for llvm-cov. Errors: ExoError when llvm-profdata does not take it."""
    with open(path + ".raw", "wb") as file:
        file.write(raw(image, counters))
    process.run([PROFDATA, "merge", "-sparse", "-o", path, path + ".raw"], "making the profile")
    os.unlink(path + ".raw")
