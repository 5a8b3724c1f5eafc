"""Instructions that leave a program's usual mode or reach for the kernel's: far transfers through every kind of selector, INT n,
SYSENTER, SYSCALL from the 32-bit code segment, the loading and testing of selectors, steps that MOV SS holds back, and streams of
random instructions in both modes."""

from __future__ import annotations

import random
import struct

from campaign.hostile import elf
from campaign.hostile.nasty import MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, SA_NODEFER, SHARED, NastyMaker, handle
from campaign.sequences.model import PAGE
from campaign.sequences.sequence import CALL_EXECUTE, CALL_LOAD, IN, Buffer, Handler
from campaign.sequences.values import MASK

# A message of a race is no longer than PIPE_BUF (guest/controller.c).
CODE_32, CODE_64, OPERANDS, SIZE = 0x200, 0x400, 0x600, 0x680
# Of the kernel's table, of the empty local one, null, and beyond the limit; each with every level of privilege.
_TABLE = (0x23, 0x33, 0x2B, 0x10, 0x18, 0x08, 0x38, 0x40, 0x48, 0, 3, 0x50, 0xFFF8, 0x7, 0xF, 0x1237, 0x27, 0x37)
# Faults of every kind: the actors go on after them.
_FAULTS = (4, 5, 7, 8, 11)

_SHORT_64 = tuple(bytes.fromhex(text) for text in (
    "0f05", "0f34", "0f07", "480f07", "0f35", "480f35", "48cf", "cf", "cb", "48cb", "cc", "f1", "cd80", "cd01", "cd02", "cd08", "cd0e", "cd12",
    "f4", "fa", "fb", "0f01f8", "0f01ca", "0f01cb", "0f01d0", "0f01d1", "0f01f9", "0f01c8", "0f01c9", "0f30", "0f32", "0f33", "0f31", "0fa2",
    "0f06", "0f08", "0f09", "0f0b", "9c", "9d", "489d", "669d", "0f01d8", "0f01d9", "0f01da", "0f01df", "0f01ee", "0f01ef"))
_SHORT_32 = tuple(bytes.fromhex(text) for text in (
    "0f05", "0f34", "0f07", "0f35", "cf", "66cf", "cb", "66cb", "cc", "ce", "f1", "cd80", "cd01", "cd08", "cd0e", "f4", "fa", "fb", "27", "2f",
    "37", "3f", "d40a", "d500", "60", "61", "06", "07", "0e", "16", "17", "1e", "1f", "0fa0", "0fa1", "0fa8", "0fa9", "9c", "9d", "669d", "d6",
    "0f30", "0f32", "0f33", "0fa2", "0f31", "0f0b", "0f01f8", "0f01ca", "0f01cb", "0f01d1", "e421", "e621", "ec", "ee", "6c", "6e", "90", "40"))


def make(maker: NastyMaker, rng: random.Random) -> int:
    maker.is_nasty = False
    maker.add(0, "mmap", (SHARED, 4 * PAGE, 7, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))
    if rng.random() < 0.7:
        for number in _FAULTS:
            handle(maker, 0, number, Handler(rng.choice((0, 1))), SA_NODEFER)
    maker.fork(0)
    start = len(maker.calls)
    for _ in range(rng.choice((2, 8, 16))):
        for actor in maker.world.living():
            code = program(rng)
            maker.add(actor, "load", (SHARED, Buffer(len(code), code, IN), len(code)), number=CALL_LOAD)
            maker.add(actor, "execute", (SHARED,), number=CALL_EXECUTE)
    return start


def program(rng: random.Random) -> bytes:
    """64-bit code at SHARED, 32-bit code behind it, 64-bit code behind that, and the operands of memory."""
    image = bytearray(SIZE)
    operands = b"".join(struct.pack("<QH6x", _target(rng), _selector(rng)) for _ in range(8))
    # Most instructions end in a fault, so what comes late is seldom reached.
    first = _stream(rng, _one_64, rng.choice((0, 0, 0, 1, 2, 5)))
    if rng.random() < 0.8:  # into the 32-bit segment, and from there back
        operands = struct.pack("<IH", SHARED + CODE_32, 0x23 if rng.random() < 0.85 else _selector(rng)) + operands[6:]
        first += _through_memory(0x2C, 0)
    for at, code in ((OPERANDS, operands), (0, first), (CODE_32, _entering(rng) + _stream(rng, _one_32, rng.randrange(8)) + _back(rng)),
                     (CODE_64, _entering(rng) + _stream(rng, _one_64, rng.randrange(8)) + b"\xc3")):
        image[at:at + len(code)] = code[:CODE_32]
    return bytes(image)


def _stream(rng: random.Random, one, count: int) -> bytes:
    return b"".join(one(rng) for _ in range(count))


def _entering(rng: random.Random) -> bytes:
    """In half of the cases what enters the kernel, or tries to, comes first. The same bytes in both modes."""
    if rng.random() < 0.5:
        return b""
    number = b"\xb8" + struct.pack("<I", rng.choice((20, 39, 0, 186, 1000, 0xFFFFFFFF)))
    return number + rng.choice((b"\x0f\x05", b"\xcd\x80", b"\x0f\x34", b"\xcc", b"\xf1", b"\x0f\x07", b"\xcf", b"\xcb"))


def _selector(rng: random.Random) -> int:
    pick = rng.random()
    if pick < 0.8:
        return rng.choice(_TABLE) & ~3 | rng.randrange(4) if pick < 0.4 else rng.choice(_TABLE)
    return rng.getrandbits(16)


def _target(rng: random.Random) -> int:
    return rng.choice((SHARED, SHARED + CODE_32, SHARED + CODE_64, SHARED + rng.randrange(SIZE), 0, 0xFFFFFFFF80000000, 1 << 47, MASK))


def _through_memory(modrm: int, index: int, wide: bool = False) -> bytes:
    """FF /3 and /5, LSS and their kin with an absolute operand."""
    return (b"\x48" if wide else b"") + b"\xff" + bytes([modrm, 0x25]) + struct.pack("<I", SHARED + OPERANDS + 16 * index)


def _load_selector(rng: random.Random) -> bytes:
    """mov $selector, %eax; mov %eax, %sreg."""
    return b"\xb8" + struct.pack("<I", _selector(rng)) + b"\x8e" + bytes([0xC0 | rng.choice((0, 2, 3, 4, 5)) << 3])


def _test_selector(rng: random.Random) -> bytes:
    """mov $selector, %eax; LAR, LSL, VERR, VERW, SLDT, STR, LLDT, LTR, SMSW, LMSW of it."""
    tests = (b"\x0f\x02\xc8", b"\x0f\x03\xc8", b"\x0f\x00\xe0", b"\x0f\x00\xe8", b"\x0f\x00\xc0", b"\x0f\x00\xc8", b"\x0f\x00\xd0",
             b"\x0f\x00\xd8", b"\x0f\x01\xe0", b"\x0f\x01\xf0")
    return b"\xb8" + struct.pack("<I", _selector(rng)) + rng.choice(tests)


def _step_held_back(rng: random.Random) -> bytes:
    """TF set, then MOV SS before what enters the kernel."""
    enter = rng.choice((b"\x0f\x05", b"\xcc", b"\xcd\x80", b"\xf1", b"\x0f\x34", b"\x0f\x0b"))
    return bytes.fromhex("9c810c24000100009d") + b"\xb8\x2b\0\0\0\x8e\xd0" + enter


def _returns(rng: random.Random) -> bytes:
    """A frame for IRETQ or LRETQ of the program's own making."""
    words = (rng.choice((_selector(rng), 0x2B)), rng.choice((SHARED + OPERANDS - 64, 0, MASK, 1 << 47)),
             rng.choice((0x202, 0x302, 0x3202, 0x4202, 0x20202, 0x40202, 0x10202)), rng.choice((0x33, 0x23, _selector(rng))), _target(rng))
    pushes = b"".join(b"\x48\xb8" + struct.pack("<Q", word) + b"\x50" for word in words)
    return pushes + rng.choice((b"\x48\xcf", b"\xcf", b"\x48\xcb", b"\xcb"))


def _one_64(rng: random.Random) -> bytes:
    pick = rng.random()
    if pick < 0.25:
        return rng.choice(_SHORT_64)
    if pick < 0.4:
        return _through_memory(rng.choice((0x2C, 0x1C)), rng.randrange(8), rng.random() < 0.3)
    if pick < 0.55:
        return _load_selector(rng)
    if pick < 0.68:
        return _test_selector(rng)
    if pick < 0.75:
        return _step_held_back(rng)
    if pick < 0.83:
        return _returns(rng)
    if pick < 0.88:
        return bytes([0xCD, rng.randrange(256)])
    return elf.random_code(rng)[:rng.randrange(2, 24)] if pick < 0.96 else rng.randbytes(rng.randrange(1, 12))


def _one_32(rng: random.Random) -> bytes:
    pick = rng.random()
    if pick < 0.4:
        return rng.choice(_SHORT_32)
    if pick < 0.5:  # JMP FAR, CALL FAR
        return bytes([rng.choice((0xEA, 0x9A))]) + struct.pack("<IH", _target(rng) & 0xFFFFFFFF, _selector(rng))
    if pick < 0.62:
        return _load_selector(rng)
    if pick < 0.72:
        return _test_selector(rng)
    if pick < 0.77:  # ARPL
        return b"\x63\xc8"
    if pick < 0.82:  # a stack of its own
        return b"\xbc" + struct.pack("<I", SHARED + 3 * PAGE + rng.randrange(PAGE))
    if pick < 0.88:
        return bytes([0xCD, rng.randrange(256)])
    return rng.randbytes(rng.randrange(1, 12))


def _back(rng: random.Random) -> bytes:
    return b"\xea" + struct.pack("<IH", SHARED + CODE_64, 0x33 if rng.random() < 0.9 else _selector(rng))
