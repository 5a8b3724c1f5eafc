"""Values for the arguments of a call, by the kinds of docs/call_descriptions.md.

Most fit the model. One in `ODD` of them is wrong on purpose, in a way that people get wrong.
"""

from __future__ import annotations

import random
import struct

from campaign.sequences.model import ARENA, ARENA_PAGES, PAGE, World
from campaign.sequences.sequence import IN, OUT, Argument, Buffer, Pointer, Process

ODD = 16
MASK = (1 << 64) - 1
AT_FDCWD = -100 & MASK
BAD_ADDRESSES = (0, 8, 0x1000, 0x7FFFFFFFF000, 0x800000000000, 0xFFFF800000000000, 0xFFFFFFFFFFFFF000, MASK)
LENGTHS = (0, 1, 2, 7, 8, 10, 64, 100, 128, 511, 512, 1000, 4095, 4096, 4097, 5000, 8192, 10000)
OFFSETS = (0, 1, 10, 99, 100, 101, 4095, 4096, 5000, 8192, 65536, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, MASK, -4096 & MASK)
MODES = (0o644, 0o600, 0o755, 0o777, 0o000, 0o4755, 0o2711, 0o1777, 0o7777, 0o400, 0o200)
IDS = (0, 1, 2, 50, 1000, 1001, 65534)
SIGNALS = (1, 2, 3, 10, 12, 13, 14, 15, 17, 20, 23, 28, 34, 35, 64, 9, 18, 19)
_KEYS = (b"\n", b"\r", b"\t", b"\b", b"\3", b"\34", b"\32", b"\177", b"\177", b"\25", b"\27", b"\4", b"\21", b"\23", b"\26", b"\22",
         b"\17", b"\0", b"\1", b"\33", b"\377", b"\303\251", b"\200", b"\n\n")
# The bits of termios that mean something, by its words (termios(3)); those of c_cflag without its speeds.
_TERMINAL_BITS = (tuple(1 << bit for bit in range(15)), (1, 2, 4, 8, 0o20, 0o40, 0o100, 0o200, 0o4000, 0o14000),
                  (0o20, 0o60, 0o100, 0o200, 0o400, 0o1000, 0o2000, 0o4000),
                  (1, 2, 2, 2, 8, 0o20, 0o40, 0o100, 0o200, 0o400, 0o400, 0o1000, 0o2000, 0o4000, 0o100000, 0o200000))
# What would reach beyond the program: pid 1 is the controller, and only looked at.
NOBODY = 99999


class Values:
    """Makes arguments for one call of one actor."""

    def __init__(self, world: World, actor: int) -> None:
        self.odd = ODD
        self.world = world
        self.actor = actor
        self.rng: random.Random = world.rng

    def is_odd(self) -> bool:
        return self.rng.randrange(self.odd) == 0

    # ---- Numbers

    def length(self) -> int:
        return self.rng.choice(LENGTHS[:11] if self.rng.random() < 0.7 else LENGTHS)

    def offset(self) -> int:
        return self.rng.choice(OFFSETS if self.is_odd() else OFFSETS[:10])

    def number(self, bits: int = 64) -> int:
        pick = self.rng.random()
        if pick < 0.6:
            return self.rng.randrange(0, 10)
        if pick < 0.8:
            return self.rng.choice((1, 100, 1000, 4096, 65535, 1 << 20))
        return self.rng.choice((MASK, 1 << 31, (1 << 31) - 1, 1 << 32, -2 & MASK, 1 << 63)) & ((1 << bits) - 1)

    def flags(self, description: dict) -> int:
        values = [entry["value"] for entry in description["values"]]
        count = self.rng.choice((0, 0, 1, 1, 2, 3))
        value = 0
        for chosen in self.rng.sample(values, min(count, len(values))):
            value |= chosen
        if self.is_odd():
            value |= 1 << self.rng.randrange(31)
        return value

    def choice(self, description: dict) -> int:
        if self.is_odd():
            return self.number(32)
        value = self.rng.choice(description["values"])["value"]
        if description.get("flags") and self.rng.random() < 0.2:
            value |= self.rng.choice(description["flags"])["value"]
        return value

    def mode(self) -> int:
        return self.rng.choice(MODES)

    def identity(self) -> int:
        return self.rng.choice((MASK, 0xFFFFFFFF) if self.is_odd() else IDS)

    def signal(self) -> int:
        return self.rng.choice((0, 65, 32, 33, MASK, 1000)) if self.is_odd() else self.rng.choice(SIGNALS)

    # ---- Names of things

    def descriptor(self, of: str) -> Argument:
        if of == "start":
            folder = self.world.find(self.actor, "directory")
            if folder is None or self.rng.random() < 0.8:
                return AT_FDCWD if not self.is_odd() else self._wrong_descriptor()
            return folder.name
        if of == "number":
            return self.rng.choice((self.rng.randrange(3, 50), self.rng.randrange(3, 10)))
        if self.is_odd():
            return self._wrong_descriptor()
        entry = self.world.find(self.actor, of)
        return entry.name if entry is not None else self.rng.randrange(0, 6)

    def _wrong_descriptor(self) -> Argument:
        any_entry = self.world.find(self.actor, "file")
        return self.rng.choice((MASK, 58, 1000000, -2 & MASK, any_entry.name if any_entry else 7))

    def process(self, of: str) -> Argument:
        others = list(self.world.actors)
        pick = self.rng.random()
        if self.is_odd():
            return self.rng.choice((NOBODY, -NOBODY & MASK, -5 & MASK, 1 << 31))
        if pick < 0.35 and of not in ("process", "thread", "group"):
            return 0
        is_group = of == "process_or_group" and self.rng.random() < 0.15
        return Process(self.rng.choice(others), is_group)

    def path_text(self, of: str) -> bytes:
        names = self.world.names
        if self.is_odd():
            return self._odd_path()
        if of in ("created", "link_text"):
            path = names.fresh(self.rng) if self.rng.random() < 0.85 or of == "created" else names.existing(self.rng)
        elif of in ("directory", "removed_directory"):
            path = self.rng.choice(names.folders)
        elif of == "symlink":
            path = self.rng.choice(names.links) if names.links else "l"
        elif of == "removed":
            path = self.rng.choice(names.files + names.links + names.fifos or ["a"])
        elif of == "replaced":
            path = names.fresh(self.rng) if self.rng.random() < 0.5 else names.existing(self.rng)
        elif of == "opened":
            path = names.fresh(self.rng) if self.rng.random() < 0.3 else names.existing(self.rng)
        elif of == "program":
            path = self.rng.choice(("/exe", "a", "d", "none", "/bin/busybox"))
        else:
            path = names.existing(self.rng)
        return path.encode("utf-8", "surrogateescape")

    def _odd_path(self) -> bytes:
        base = self.world.names.existing(self.rng)
        return self.rng.choice((
            b"", b"none", b"none/x", b"/", b".", b"..", b"../box/a", b"d/../a", b"a/b", b"a/", b"d/", b"l/", b"m", b"x" * 255,
            b"x" * 256, b"d/" * 100 + b"c", b"y/" * 2047 + b"z", b"y/" * 2048, b"/dev/full", b"/proc/self", b"/proc/self/exe",
            b"//a", b"./a", b"d//c", base.encode("utf-8", "surrogateescape") + b"/.", base.encode("utf-8", "surrogateescape") + b"/..", b"\xff\xfe", b"/dev/zero"))

    def path(self, of: str) -> Argument:
        if self.rng.randrange(self.odd * 4) == 0:
            return self.bad_address()
        text = self.path_text(of)
        # Sometimes it ends where nothing is mapped, without its NUL.
        end = b"" if self.rng.randrange(self.odd * 8) == 0 else b"\0"
        return Buffer(len(text + end), text + end, IN, (), "path") if text + end else 0

    # ---- Memory

    def bad_address(self) -> int:
        return self.rng.choice(BAD_ADDRESSES)

    def bytes_in(self, length: int) -> Buffer:
        pattern = bytes(self.rng.randrange(256) for _ in range(min(length, 32)))
        return Buffer(length, (pattern * (length // max(len(pattern), 1) + 1))[:length], IN)

    def memory(self, direction: str, length: int, shape: str = "") -> Argument:
        if self.rng.randrange(self.odd * 2) == 0:
            return self.bad_address()
        length = min(length, 65536)
        if direction == "in":
            return self.bytes_in(length)
        return Buffer(length, b"", OUT, (), shape)

    def page(self) -> int:
        """An address in the arena, mapped or not."""
        maps = self.world.actors[self.actor].maps
        if maps and self.rng.random() < 0.8:
            first, count = self.rng.choice(maps)
            first += self.rng.randrange(count)
        else:
            first = self.rng.randrange(ARENA_PAGES)
        address = ARENA + first * PAGE
        return address + self.rng.choice((1, 100, 4095)) if self.is_odd() else address

    def range_length(self) -> int:
        if self.is_odd():
            return self.rng.choice((0, 1, 100, MASK, 1 << 47, -4096 & MASK, 1 << 63))
        return PAGE * self.rng.choice((1, 1, 2, 3, 4, 8, 16))

    def address(self) -> int:
        return self.rng.choice((*BAD_ADDRESSES, 0)) if self.is_odd() else self.page()

    # ---- Structures. What is not known here gets small numbers in its fields.

    def structure(self, description: dict) -> bytes:
        make = getattr(self, "_make_" + description.get("type", "").lower(), None)
        if make is not None:
            return make()
        data = bytearray(description["size"])
        for field in description.get("fields", ()):
            if field["size"] in (1, 2, 4, 8):
                value = self.number(8 * field["size"]) & ((1 << 8 * field["size"]) - 1)
                data[field["offset"]:field["offset"] + field["size"]] = value.to_bytes(field["size"], "little")
        return bytes(data)

    def _short_time(self, per_second: int) -> tuple[int, int]:
        if self.is_odd():
            return self.rng.choice(((-1, 0), (0, -1), (0, per_second), (-1, -1)))
        return 0, self.rng.choice((0, 1, per_second // 1000, per_second // 500))

    def _make_timespec(self) -> bytes:
        return struct.pack("<qq", *self._short_time(10**9))

    def _make_timeval(self) -> bytes:
        return struct.pack("<qq", *self._short_time(10**6))

    def _file_times(self, per_second: int, special: tuple[int, ...]) -> bytes:
        words = []
        for _ in range(2):
            fraction = self.rng.choice((0, 1, per_second - 1, *special)) if not self.is_odd() else per_second
            words += [self.rng.choice((0, 1, 1000000000, 1234567890, 0x7FFFFFFF, 0x100000000, -1, -(1 << 40))), fraction]
        return struct.pack("<qqqq", *words)

    def _make_timepair(self) -> bytes:
        return self._file_times(10**9, ((1 << 30) - 1, (1 << 30) - 2))

    def _make_microsecondpair(self) -> bytes:
        return self._file_times(10**6, ())

    def _make_secondpair(self) -> bytes:
        return struct.pack("<qq", self.rng.choice((0, 1000000000, -1)), self.rng.choice((0, 1234567890)))

    def _make_itimerval(self) -> bytes:
        # Far away, or over before the next call: see rules.py.
        return struct.pack("<qqqq", 0, 0, self.rng.choice((0, 5000, 100000)), 0)

    def _make_rlimit64(self) -> bytes:
        soft = self.rng.choice((0, 1, 16, 100, 1 << 20, 8 << 20, MASK))
        hard = self.rng.choice((soft, MASK, 1 << 20, 8 << 20))
        return struct.pack("<QQ", soft, hard)

    # ---- Terminals

    def _make_termios(self) -> bytes:
        """What a terminal has at the start, with a few things changed."""
        words = [0o2400, 5, 0o6275, 0o105073]  # input, output, control, local
        for index, bits in enumerate(_TERMINAL_BITS):
            for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
                words[index] ^= self.rng.choice(bits)
        if self.rng.random() < 0.2:  # a speed
            words[2] = words[2] & ~0o10017 | self.rng.choice((0, 0o13, 0o15, 0o17, 0o10001, 0o10002, 0o10003, 0o10000))
        characters = bytearray(b"\3\34\177\25\4\0\1\0\21\23\32\0\22\17\27\26\0\0\0")
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            characters[self.rng.choice((0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 14, 15, 16))] = self.rng.choice(b"\0\3\4abz\n\377\25")
        characters[5:7] = bytes((self.rng.choice((0, 0, 0, 1, 3)), self.rng.choice((0, 1, 1, 1, 3))))
        return struct.pack("<IIIIB", *words, 0) + bytes(characters)

    def _make_termios2(self) -> bytes:
        return self._make_termios() + struct.pack("<II", *(self.rng.choice((9600, 9600, 0, 1, 50, 12345, 115200, 4000000)),) * 2)

    def _make_winsize(self) -> bytes:
        return struct.pack("<4H", *(self.rng.choice((0, 24, 80, 65535)) for _ in range(4)))

    def typed(self) -> bytes:
        """What somebody may type: mostly a line, now and then with keys that mean something."""
        text = b"".join(self.rng.choice(_KEYS) if self.rng.random() < 0.3 else bytes((self.rng.choice(b"abcxyz AZ01_."),))
                        for _ in range(self.rng.choice((1, 1, 2, 3, 5, 9))))
        # What sends a signal comes last: who gets it may end, and the terminal with it, before the next key or after it.
        for key in b"\3\34\32":
            text = text[:text.find(key) + 1] or text
        return text if text[-1] in b"\3\34\32" or self.rng.random() < 0.5 else text + b"\n"

    def _make_sched_param(self) -> bytes:
        return struct.pack("<i", self.rng.choice((0, 0, 1, 50, 99, 100, -1)))

    def signal_set(self) -> bytes:
        bits = 0
        for _ in range(self.rng.choice((0, 1, 1, 2, 5))):
            bits |= 1 << (self.rng.choice(SIGNALS) - 1)
        return struct.pack("<Q", MASK if self.is_odd() else bits)

    def pollfds(self, count: int) -> bytes:
        """Of no descriptor."""
        return b"".join(struct.pack("<ihh", -1, self.rng.choice((1, 4, 5, 0, 0x1F, 2)), 0x55) for _ in range(count))


def texts(values: tuple[bytes, ...], first_buffer: int) -> tuple[Buffer, tuple[Buffer, ...]]:
    """An array of pointers to texts, as execve takes it, and the texts."""
    pointers = tuple((8 * index, Pointer(first_buffer + index)) for index in range(len(values)))
    array = Buffer(8 * len(values) + 8, b"\0" * (8 * len(values) + 8), IN, pointers, "texts")
    return array, tuple(Buffer(len(value) + 1, value + b"\0", IN, (), "text") for value in values)
