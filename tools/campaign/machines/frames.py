"""What a machine knows of each sequence (guest/wire.h): frames, found in its memory."""

from __future__ import annotations

import dataclasses
import mmap
import re
import struct
from typing import NamedTuple

MAGIC = 0x51455358
PAGE_BYTES = 4096
FILLER = b"\xa5"

_PAGE_HEAD = 32
_PAGE = struct.Struct("<16sII")
_PROGRESS = struct.Struct("<16sIIII")
_FRAME = struct.Struct("<III")
_EVENT = struct.Struct("<HHHHiI")
_REPLY = struct.Struct("<IIq")
_SIGNAL = struct.Struct("<iiiiII")
_OUTPUT = struct.Struct("<III")
_FILE = struct.Struct("<IIIIQQQQQqqqqqqHHI")

REPLY, SILENT, DEAD, SKIPPED, PID, FILE, COUNTS, REACHED, TERMINAL = range(9)


@dataclasses.dataclass
class Signal:
    number: int
    code: int
    sender: int
    value: int
    handler: int
    was_nested: int


@dataclasses.dataclass
class Event:
    """Something that happened. `call` is the call that it belongs to, or beyond all calls for a mere look at an actor."""

    kind: int
    call: int
    actor: int
    detail: int
    result: int = 0
    signals: tuple[Signal, ...] = ()
    outputs: tuple[bytes, ...] = ()


@dataclasses.dataclass
class File:
    path: str
    mode: int
    links: int
    uid: int
    gid: int
    size: int
    device: int
    blocks: int
    inode: int
    content: int
    times: tuple[int, ...]
    target: bytes
    file_system: int  # st_dev


class Counts(NamedTuple):
    """What the machine had in use after a sequence; sizes in KiB."""

    free: int
    shared: int
    slab: int
    committed: int
    processes: int
    threads: int  # tasks of programs and of the kernel


@dataclasses.dataclass
class Record:
    """All that is known of one run of a sequence. `raw` is the frame itself: equal bytes need no closer look."""

    raw: bytes
    events: list[Event]
    files: list[File]
    counts: Counts | None = None
    reached: tuple[int, ...] = ()  # counters of a kernel of the preset `coverage` that moved for the first time in its machine
    terminal: bytes = b""  # what the terminal showed


def find_stream(memory: bytes | mmap.mmap, run: bytes) -> bytes:
    """The stream of frames out of all of a machine's memory, as far as it goes without a gap."""
    pages: dict[int, bytes] = {}
    at = memory.find(run)
    while at >= 0:
        if at % PAGE_BYTES == 0:
            _, index, used = _PAGE.unpack_from(memory, at)
            if used <= PAGE_BYTES - _PAGE_HEAD and used > len(pages.get(index, b"")):
                pages[index] = memory[at + _PAGE_HEAD:at + _PAGE_HEAD + used]
        at = memory.find(run, (at // PAGE_BYTES + 1) * PAGE_BYTES)
    stream = bytearray()
    for index in range(len(pages)):
        if index not in pages:
            break
        stream += pages[index]
    return bytes(stream)


def find_progress(memory: bytes | mmap.mmap, run: bytes) -> tuple[int, int] | None:
    """What was being made last: the sequence's number and the call's place."""
    at = memory.find(run)
    while at >= 0:
        if at % PAGE_BYTES == 0:
            _, index, _, sequence, call = _PROGRESS.unpack_from(memory, at)
            if index == 0:
                return sequence, call
        at = memory.find(run, (at // PAGE_BYTES + 1) * PAGE_BYTES)
    return None


def split(stream: bytes) -> dict[int, bytes]:
    """The frames of a stream by their numbers. It ends where a frame is not whole."""
    found, at = {}, 0
    while at + _FRAME.size <= len(stream):
        magic, number, size = _FRAME.unpack_from(stream, at)
        if magic != MAGIC or at + _FRAME.size + size > len(stream):
            break
        found[number] = stream[at + _FRAME.size:at + _FRAME.size + size]
        at += _FRAME.size + size
    return found


def add_terminal_output(payloads: dict[int, bytes], output: bytes) -> None:
    """`output`: what all sequences together wrote to the terminal, each followed by its number between two marks."""
    pieces = re.split(rb"\x1e(\d+)\x1e", output)
    for shown, number in zip(pieces[0::2], pieces[1::2]):
        if shown and int(number) in payloads:
            payloads[int(number)] += _EVENT.pack(TERMINAL, 0, 0, 0, 0, len(shown)) + shown


def decode(payload: bytes) -> Record:
    """Errors: struct.error for a frame that is not whole."""
    record, at = Record(payload, [], []), 0
    while at < len(payload):
        kind, call, actor, _, detail, size = _EVENT.unpack_from(payload, at)
        at += _EVENT.size
        body = payload[at:at + size]
        at += size
        if kind == FILE:
            record.files.append(_decode_file(body))
        elif kind == COUNTS:
            record.counts = Counts(*struct.unpack("<6Q", body))
        elif kind == REACHED:
            record.reached = struct.unpack(f"<{size // 4}I", body)
        elif kind == TERMINAL:
            record.terminal = body
        elif kind == REPLY:
            record.events.append(_decode_reply(Event(kind, call, actor, detail), body))
        else:
            record.events.append(Event(kind, call, actor, detail))
    return record


def _decode_reply(event: Event, body: bytes) -> Event:
    size, signal_count, event.result = _REPLY.unpack_from(body)
    at, signals, outputs = _REPLY.size, [], []
    for _ in range(signal_count):
        signals.append(Signal(*_SIGNAL.unpack_from(body, at)))
        at += _SIGNAL.size
    while at < size:
        length, stored, is_hash = _OUTPUT.unpack_from(body, at)
        at += _OUTPUT.size
        outputs.append(body[at:at + stored] + FILLER * (0 if is_hash else length - stored))
        at += stored
    event.signals, event.outputs = tuple(signals), tuple(outputs)
    return event


def _decode_file(body: bytes) -> File:
    mode, links, uid, gid, size, device, blocks, inode, content, *rest = _FILE.unpack_from(body)
    times, (path_length, target_length, file_system) = tuple(rest[:6]), rest[6:]
    path = body[_FILE.size:_FILE.size + path_length].decode("utf-8", "surrogateescape")
    target = body[_FILE.size + path_length:_FILE.size + path_length + target_length]
    return File(path, mode, links, uid, gid, size, device, blocks, inode, content, times, target, file_system)
