"""Sequences that once showed a difference, made small and kept as they are: generators change, these do not.

kept.jsonl has one a line: {"what": what it showed, "area": …, "calls": [[actor, number, name, arguments, extra buffers], …]}, and
with "race_from" the call from which on actors run against each other.
A number is itself; what is not a number is {"result": …} and the like, with the fields of the classes in sequence.py in their order,
and data in hexadecimal.
"""

from __future__ import annotations

import json

from campaign.sequences.sequence import Argument, Buffer, Call, Field, Handler, Leader, Pointer, Process, ProcessName, Result, Sequence
from exo import paths

PATH = paths.in_root("tests", "cross", "kept.jsonl")
_CLASSES = {"result": Result, "field": Field, "handler": Handler, "process": Process, "leader": Leader, "process_name": ProcessName, "pointer": Pointer}
_NAMES = {value: key for key, value in _CLASSES.items()}


def line(sequence: Sequence, what: str) -> str:
    """Without its newline."""
    calls = [[call.actor, call.number, call.name, [_plain(value) for value in call.arguments], [_plain(value) for value in call.extra]]
             for call in sequence.calls]
    race = {"race_from": sequence.race_from} if sequence.race_from != Sequence.race_from else {}
    return json.dumps({"what": what, "area": sequence.area, **race, "calls": calls})


def read(path: str = PATH) -> list[Sequence]:
    """Their seeds are `kept 1` and so on, by their lines. Errors: ValueError for a line that is none."""
    with open(path, encoding="utf-8") as file:
        return [_sequence(text, number, path) for number, text in enumerate(file, 1) if text.strip()]


def _sequence(text: str, number: int, path: str) -> Sequence:
    try:
        given = json.loads(text)
        calls = tuple(Call(actor, call, name, tuple(map(_argument, arguments)), tuple(map(_argument, extra)))
                      for actor, call, name, arguments, extra in given["calls"])
        race_from = int(given.get("race_from", Sequence.race_from))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}:{number}: not a kept sequence: {error}") from None
    return Sequence(calls, f"kept {number}", given["area"], race_from)


def _plain(value: Argument):
    if isinstance(value, int):
        return value
    if isinstance(value, Buffer):
        return {"buffer": [value.length, value.data.hex(), value.direction, [[offset, _plain(inner)] for offset, inner in value.pointers],
                           value.shape]}
    return {_NAMES[type(value)]: [getattr(value, field) for field in value.__dataclass_fields__]}


def _argument(value) -> Argument:
    if isinstance(value, int):
        return value
    (name, fields), = value.items()
    if name == "buffer":
        length, data, direction, pointers, shape = fields
        return Buffer(length, bytes.fromhex(data), direction, tuple((offset, _argument(inner)) for offset, inner in pointers), shape)
    return _CLASSES[name](*fields)
