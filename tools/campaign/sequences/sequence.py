"""Sequences of calls, and how they are written for the guest (guest/wire.h).

A call's arguments are ints or one of the classes here. Everything is immutable, so that a shrinker can make variants.
"""

from __future__ import annotations

import dataclasses
import struct

ACTORS = 6
BRIEF, IDLE = ACTORS, ACTORS + 1  # children that are no actors (guest/wire.h)
CALL_FORK, CALL_PEEK, CALL_POKE, CALL_NOTHING, CALL_REGISTERS, CALL_EXECUTE, CALL_LOAD, CALL_TYPE, CALL_FORGE, \
    CALL_RETURN, CALL_GET_WORD, CALL_SET_WORD = range(10000, 10012)
IN, OUT, IN_OUT = 1, 2, 3
RESTORER = 100

_CONSTANT, _RESULT, _FIELD, _BUFFER, _HANDLER, _PROCESS, _PROCESS_NAME = range(7)
_MASK = (1 << 64) - 1
_ARGUMENT = struct.Struct("<BBHIQ")
_BUFFER_HEAD = struct.Struct("<IIBBHI")
_CALL_HEAD = struct.Struct("<IIBBBBI")
_SEQUENCE_HEAD = struct.Struct("<IIII")


@dataclasses.dataclass(frozen=True)
class Result:
    """What an earlier call returned."""

    call: int
    plus: int = 0


@dataclasses.dataclass(frozen=True)
class Field:
    """A 32-bit word that an earlier call wrote: into its `output`-th output, at `offset`."""

    call: int
    output: int
    offset: int


@dataclasses.dataclass(frozen=True)
class Handler:
    """The address of a signal handler of the executor's, or of its restorer."""

    number: int


@dataclasses.dataclass(frozen=True)
class Process:
    """An actor's id: a process's or a thread's; negative for its group. `high`: the other half of a word in a buffer."""

    actor: int
    is_group: bool = False
    high: int = 0


@dataclasses.dataclass(frozen=True)
class Leader:
    """The id of the process that an actor is a thread of."""

    actor: int


@dataclasses.dataclass(frozen=True)
class ProcessName:
    """An actor's process id as eight characters of a path. Only inside of Buffer.pointers."""

    actor: int


@dataclasses.dataclass(frozen=True)
class Buffer:
    """Memory of `length` bytes that begins with `data`; the byte behind it cannot be touched.

    pointers: (offset, argument) pairs: words that are filled in when the call is made.
    shape: what the bytes are, for comparing and for printing (a structure's name, `path`, or nothing).
    """

    length: int
    data: bytes = b""
    direction: int = IN
    pointers: tuple[tuple[int, Argument], ...] = ()
    shape: str = ""


@dataclasses.dataclass(frozen=True)
class Pointer:
    """Into another buffer of the same call, by its place among the call's buffers. Only inside of Buffer.pointers."""

    buffer: int
    plus: int = 0


Argument = int | Result | Field | Handler | Process | Leader | ProcessName | Buffer | Pointer


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of one actor. `extra`: buffers that only pointers lead to; they follow those of the arguments."""

    actor: int
    number: int
    name: str
    arguments: tuple[Argument, ...]
    extra: tuple[Buffer, ...] = ()

    def buffers(self) -> list[Buffer]:
        return [argument for argument in self.arguments if isinstance(argument, Buffer)] + list(self.extra)

    def outputs(self) -> list[Buffer]:
        return [buffer for buffer in self.buffers() if buffer.direction & OUT]


@dataclasses.dataclass(frozen=True)
class Sequence:
    """`race_from`: from this call on the guest waits for no answers, and actors run against each other."""

    calls: tuple[Call, ...]
    seed: int | str = 0  # or a lineage (lineage.py)
    area: str = ""
    race_from: int = 0xFFFFFFFF


def encode_sequence(sequence: Sequence, number: int) -> bytes:
    body = b"".join(_encode_call(call) for call in sequence.calls)
    return _SEQUENCE_HEAD.pack(_SEQUENCE_HEAD.size + len(body), number, len(sequence.calls), sequence.race_from) + body


def _encode_argument(argument: Argument) -> bytes:
    kind, index, field, value = _CONSTANT, 0, 0, 0
    if isinstance(argument, int):
        value = argument
    elif isinstance(argument, Result):
        kind, index, value = _RESULT, argument.call, argument.plus
    elif isinstance(argument, Field):
        kind, index, field = _FIELD, argument.call, argument.output << 16 | argument.offset
    elif isinstance(argument, Handler):
        kind, value = _HANDLER, argument.number
    elif isinstance(argument, Process):
        kind, index, value = _PROCESS, argument.actor, int(argument.is_group) | argument.high << 32
    elif isinstance(argument, Leader):
        kind, index, value = _PROCESS, argument.actor, 2
    elif isinstance(argument, ProcessName):
        kind, index = _PROCESS_NAME, argument.actor
    elif isinstance(argument, Pointer):
        kind, index, value = _BUFFER, argument.buffer, argument.plus
    return _ARGUMENT.pack(kind, 0, index, field, value & _MASK)


def _encode_buffer(buffer: Buffer) -> bytes:
    data = buffer.data[:buffer.length]
    head = _BUFFER_HEAD.pack(buffer.length, len(data), buffer.direction, len(buffer.pointers), 0, 0)
    pointers = b"".join(struct.pack("<II", offset, 0) + _encode_argument(value) for offset, value in buffer.pointers)
    return head + data + b"\0" * (-len(data) % 8) + pointers


def _encode_call(call: Call) -> bytes:
    arguments, place = [], 0
    for argument in call.arguments:
        if isinstance(argument, Buffer):
            argument, place = Pointer(place), place + 1
        arguments.append(_encode_argument(argument))
    buffers = call.buffers()
    body = b"".join(arguments) + b"".join(_encode_buffer(buffer) for buffer in buffers)
    return _CALL_HEAD.pack(_CALL_HEAD.size + len(body), call.number, call.actor, len(arguments), len(buffers), 0, 0) + body
