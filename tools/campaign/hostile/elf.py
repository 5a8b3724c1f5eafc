"""Programs and code that make no sense, made out of some that do."""

from __future__ import annotations

import random
import struct

# mov eax, 60; xor edi, edi; syscall
EXIT = bytes.fromhex("b83c00000031ff0f05")
BASE, HEAD_SIZE, SEGMENT_SIZE = 0x400000, 64, 56
_HEAD = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_NUMBERS = (0, 1, 7, 8, 0xFFF, 0x1000, 0x1001, 1 << 31, (1 << 32) - 1, 1 << 47, (1 << 47) - 4096, (1 << 63) - 1, 1 << 63,
            (1 << 64) - 1, (1 << 64) - 4096, 0xFFFFFFFF80000000)
# Instructions that a user must not have, or that end in the kernel in their own ways.
_INSTRUCTIONS = tuple(bytes.fromhex(text) for text in (
    "f4", "fa", "fb", "0f01d8", "0f0103", "0f22d8", "0f30", "0f32", "cd80", "cd03", "cc", "0f0b", "f1", "0f05", "0f34", "0f07", "0f35",
    "cf", "48cf", "ec", "ee", "6c", "6e", "0f01d0", "0fae07", "0fae2f", "f30faed7", "f30faec7", "f3480faedf", "9d", "8ed8", "8ed0",
    "0f00d8", "0f01f8", "ffe0", "c3", "f7f0", "48f7f8", "9b", "dbe3", "0fc7f0", "65488b042500000000", "64488b042500000000", "c8ffff1f",
    "48bcffffffffffffff7fff", "48bc0000000000008000", "50eb fe".replace(" ", ""), "ebfe", "e8fbffffff", "0f1f00", "90"))


def random_code(rng: random.Random) -> bytes:
    """Some hundred bytes: instructions, numbers and noise."""
    parts = []
    while sum(map(len, parts)) < rng.choice((8, 64, 400)):
        pick = rng.random()
        if pick < 0.5:
            parts.append(rng.choice(_INSTRUCTIONS))
        elif pick < 0.65:
            parts.append(b"\x48" + bytes([0xB8 + rng.randrange(8)]) + struct.pack("<Q", rng.choice(_NUMBERS)))
        else:
            parts.append(rng.randbytes(rng.randrange(1, 12)))
    return b"".join(parts)


def valid_program(rng: random.Random) -> bytearray:
    """A static program of one to three segments that ends with status 0."""
    count = rng.randrange(1, 4)
    code_at = HEAD_SIZE + count * SEGMENT_SIZE
    head = _HEAD.pack(b"\x7fELF\x02\x01\x01" + b"\0" * 9, 2, 62, 1, BASE + code_at, HEAD_SIZE, 0, 0, HEAD_SIZE, SEGMENT_SIZE, count, 0, 0, 0)
    segments = _SEGMENT.pack(1, 5, 0, BASE, BASE, code_at + len(EXIT), code_at + len(EXIT), 4096)
    for index in range(1, count):
        address = BASE + 0x10000 * index
        segments += _SEGMENT.pack(rng.choice((1, 1, 3, 0x6474E551, 2, 7)), rng.choice((4, 6, 7)), 0, address, address, 64, 64 + rng.choice((0, 5000)), 4096)
    return bytearray(head + segments + EXIT + random_code(rng))


def random_program(rng: random.Random) -> bytes:
    """A valid one with something changed, a script, or noise."""
    pick = rng.random()
    if pick < 0.1:
        return rng.randbytes(rng.randrange(1, 300))
    if pick < 0.25:
        return b"#!" + rng.choice((b"/exe actor1", b"", b" ", b"x0", b"/none", b"/" * 300, b"/bin/busybox true", b"\0", b"/exe\t\t")) + rng.choice((b"\n", b""))
    program = valid_program(rng)
    for _ in range(rng.choice((0, 1, 1, 2, 4, 10))):
        field = rng.random()
        limit = min(len(program), HEAD_SIZE + 3 * SEGMENT_SIZE)
        if field < 0.6:
            at = rng.randrange(0, limit - 8) & ~7
            program[at:at + 8] = struct.pack("<Q", rng.choice(_NUMBERS))
        else:
            program[rng.randrange(limit)] = rng.randrange(256)
    if rng.random() < 0.15:
        del program[rng.randrange(len(program)):]
    return bytes(program) or b"\x7f"
