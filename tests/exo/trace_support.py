"""Records as the kernel would send them, and what `exo trace` makes of them."""

import itertools
import json
import os

from conftest import ROOT
from exo.trace import records
from exo.trace.filters import Chooser
from exo.trace.follow import Follower
from exo.trace.text import Style, TextOutput
from exo.trace.values import Values

with open(os.path.join(ROOT, "docs/system_calls.json"), encoding="utf-8") as file:
    DESCRIPTIONS = json.load(file)["calls"]
NUMBERS = {one["name"]: one["number"] for one in DESCRIPTIONS}


class Machine:
    """Makes records with rising numbers and times; `data` is what has been sent."""

    def __init__(self) -> None:
        self._sequence = itertools.count()
        self._time = itertools.count(1_000_000, 1_000_000)
        self.data = b""
        self.add(records.HELLO, 0, records.VERSION, (0,))

    def add(self, kind: int, tid: int, detail: int, values: tuple, more: bytes = b"") -> bytes:
        body = records.BODIES[kind].pack(*values) + more
        body += bytes(-len(body) % 8)
        record = records.HEADER.pack(records.HEADER.size + len(body), kind, tid, detail, next(self._sequence), next(self._time)) + body
        self.data += record
        return record

    def start(self, tid: int, maker: int = 0, process: int | None = None) -> None:
        self.add(records.START, tid, 0, (process or tid, maker))

    def enter(self, tid: int, name, *words: int) -> None:
        number = NUMBERS[name] if isinstance(name, str) else name
        self.add(records.ENTER, tid, 0, (number, *(word & (1 << 64) - 1 for word in words), *[0] * (6 - len(words))))

    def read(self, tid: int, address: int, data: bytes, kind: int = records.FROM_USER) -> None:
        self.add(records.COPY, tid, kind, (address, len(data), len(data)), data)

    def string(self, tid: int, address: int, text: bytes) -> None:
        self.read(tid, address, text + b"\0", records.STRING_FROM_USER)

    def written(self, tid: int, address: int, data: bytes) -> None:
        self.read(tid, address, data, records.TO_USER)

    def leave(self, tid: int, result: int, restart: int = 0) -> None:
        self.add(records.EXIT, tid, restart, (result & (1 << 64) - 1,))

    def end(self, tid: int, status: int = 0, is_last: bool = False) -> None:
        self.add(records.ENDED, tid, int(is_last), (status, 0))


def follow(data: bytes, values: Values | None = None, style: Style | None = None, chooser: Chooser | None = None) -> str:
    output = TextOutput(style or Style(), values or Values(), chooser or Chooser(), lambda: len(follower.tasks),
                        lambda: follower.realtime_offset)
    follower = Follower(DESCRIPTIONS, output)
    follower.feed(data)
    follower.settle()
    output.settle(follower)
    output.finish(follower)
    return output.take()


def line(name, words: tuple, result: int = 0, read: dict | None = None, written: dict | None = None, values: Values | None = None,
         restart: int = 0, paths: dict | None = None) -> str:
    """The line of one call."""
    machine = Machine()
    machine.start(2)
    machine.enter(2, name, *words)
    for place, path in (paths or {}).items():
        if place != records.RESULT_PLACE:
            machine.add(records.PATH, 2, place, (0, len(path)), path)
    for address, data in (read or {}).items():
        machine.read(2, address, data)
    for address, data in (written or {}).items():
        machine.written(2, address, data)
    machine.leave(2, result, restart)
    if paths and records.RESULT_PLACE in paths:
        path = paths[records.RESULT_PLACE]
        machine.add(records.PATH, 2, records.RESULT_PLACE, (0, len(path)), path)
    return follow(machine.data, values).rstrip("\n")
