"""The records that the kernel sends (kernel/posix_x/trace/record.hpp), in the order in which things happened."""

from __future__ import annotations

import struct

VERSION = 1
MAGIC = 0x45435254
CALLS = 513  # the last one stands for all numbers beyond the kernel's table
IS_WANTED = 0x80
MOST_CAPTURED = 1 << 16
RESULT_PLACE = 6

HELLO, START, ENTER, COPY, PATH, EXIT, SIGNAL, STOPPED, ENDED, RENAMED, TIMELINE = range(1, 12)
FROM_USER, STRING_FROM_USER, TO_USER, ZEROS_TO_USER = range(4)

HEADER = struct.Struct("<IIiIQq")
BODIES = {HELLO: struct.Struct("<q"), START: struct.Struct("<ii"), ENTER: struct.Struct("<7Q"), COPY: struct.Struct("<QQQ"),
          PATH: struct.Struct("<iI"), EXIT: struct.Struct("<Q"), SIGNAL: struct.Struct("<iiiiIiQQqq"), STOPPED: struct.Struct("<Q"),
          ENDED: struct.Struct("<ii"), RENAMED: struct.Struct("<ii"), TIMELINE: struct.Struct("<QQ")}
# kernel/scheduler/timeline.hpp: time, thread, number, kind, state of the one before, whether it is idle, name.
TIMELINE_EVENT = struct.Struct("<QIiBBBx16s4x")
RUN, WAKE, NAME = 1, 2, 3
READY, RUNNING, BLOCKED, TERMINATED = range(4)
LARGEST_RECORD = 1 << 20
MOST_EARLY = 1 << 20


class Record:
    """`values` are the fields of its kind's body, `data` what follows them."""

    __slots__ = ("kind", "tid", "detail", "time", "values", "data")

    def __init__(self, kind: int, tid: int, detail: int, time: int, values: tuple, data: bytes) -> None:
        self.kind = kind
        self.tid = tid
        self.detail = detail
        self.time = time
        self.values = values
        self.data = data


class BadRecords(Exception):
    """What came is not what this version of the kernel sends."""


def settings(string_limit: int, calls: bytes, wants_timeline: bool = False) -> bytes:
    """What the kernel waits for before it traces anything. `calls`: a byte for each number (record.hpp)."""
    return struct.pack("<III", MAGIC, VERSION, string_limit) + calls.ljust(CALLS, b"\0") + bytes((wants_timeline, 0, 0))


class Reader:
    """Takes bytes as they come, and gives records in the order of their numbers, which have no gaps."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._next = 0
        self._early: dict[int, Record] = {}

    def feed(self, data: bytes) -> list[Record]:
        """Errors: BadRecords."""
        self._bytes += data
        ready = []
        at = 0
        while len(self._bytes) - at >= HEADER.size:
            size, kind, tid, detail, sequence, time = HEADER.unpack_from(self._bytes, at)
            body = BODIES.get(kind)
            if body is None or size < HEADER.size + body.size or size > LARGEST_RECORD:
                raise BadRecords(f"a record of kind {kind} and {size} bytes")
            if len(self._bytes) - at < size:
                break
            values = body.unpack_from(self._bytes, at + HEADER.size)
            data = bytes(self._bytes[at + HEADER.size + body.size:at + size])
            if sequence < self._next or len(self._early) == MOST_EARLY:
                raise BadRecords(f"record {sequence} and not {self._next}")
            self._early[sequence] = Record(kind, tid, detail, time, values, data)
            at += size
            while self._next in self._early:
                ready.append(self._early.pop(self._next))
                self._next += 1
        del self._bytes[:at]
        return ready
