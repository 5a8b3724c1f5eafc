"""Makes a sequence that shows a difference smaller: whole calls first, then their arguments.

A round tries all variants that are one step smaller in one boot of each kernel, and goes on with the smallest that still
shows the same first difference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from campaign.sequences.sequence import CALL_FORK, IN, Argument, Buffer, Call, Field, Handler, Leader, Process, Result, Sequence

MOST_ROUNDS = 24
MASK = (1 << 64) - 1

# Which of these sequences show the difference that is looked for.
Judge = Callable[[list[Sequence]], list[bool]]


def shrink(sequence: Sequence, judge: Judge, say: Callable[[str], None] = lambda text: None) -> Sequence:
    """The smallest variant that was found."""
    piece = max(len(sequence.calls) // 2, 1)
    for _ in range(MOST_ROUNDS):
        candidates = [_without(sequence, start, piece) for start in range(0, len(sequence.calls), piece)]
        found = _first(candidates, judge)
        if found is not None:
            sequence = found
            say(f"{len(sequence.calls)} calls")
        elif piece > 1:
            piece = max(piece // 2, 1)
        else:
            break
        piece = min(piece, max(len(sequence.calls) // 2, 1))
    for _ in range(MOST_ROUNDS):
        found = _first(list(_simpler(sequence)), judge)
        if found is None:
            break
        sequence = found
    return sequence


def _first(candidates: list[Sequence], judge: Judge) -> Sequence | None:
    candidates = [candidate for candidate in candidates if candidate.calls]
    if not candidates:
        return None
    return next((candidate for candidate, shows in zip(candidates, judge(candidates)) if shows), None)


def _without(sequence: Sequence, start: int, count: int) -> Sequence:
    """Without some calls. Arguments that came from them become what a failed call returns."""
    places: dict[int, int] = {}
    for index in range(len(sequence.calls)):
        if not start <= index < start + count:
            places[index] = len(places)
    calls = tuple(_moved(call, places) for index, call in enumerate(sequence.calls) if index in places)
    return dataclasses.replace(sequence, calls=calls)


def _moved(call: Call, places: dict[int, int]) -> Call:
    def argument(value: Argument) -> Argument:
        if isinstance(value, (Result, Field)):
            return dataclasses.replace(value, call=places[value.call]) if value.call in places else MASK
        return buffer(value) if isinstance(value, Buffer) else value

    def buffer(value: Buffer) -> Buffer:
        pointers = tuple((offset, argument(inner)) for offset, inner in value.pointers)
        return dataclasses.replace(value, pointers=pointers)

    return dataclasses.replace(call, arguments=tuple(argument(value) for value in call.arguments),
                               extra=tuple(buffer(value) for value in call.extra))


def _simpler(sequence: Sequence):
    """Variants in which one argument is simpler."""
    for index, call in enumerate(sequence.calls):
        for place, value in enumerate(call.arguments):
            for simple in _simple_values(call, value):
                arguments = (*call.arguments[:place], simple, *call.arguments[place + 1:])
                changed = dataclasses.replace(call, arguments=arguments)
                calls = (*sequence.calls[:index], changed, *sequence.calls[index + 1:])
                yield dataclasses.replace(sequence, calls=calls)


def _simple_values(call: Call, value: Argument):
    if call.number == CALL_FORK or isinstance(value, (Result, Field, Handler, Process, Leader)):
        return
    if isinstance(value, Buffer):
        if value.shape == "path" and len(value.data) > 40:
            yield dataclasses.replace(value, data=value.data[:20] + b"\0", length=21)
        if value.direction == IN and not value.shape and any(value.data):
            yield dataclasses.replace(value, data=b"\0" * len(value.data))
    elif value not in (0, 1):
        yield 0
        for bit in range(64):
            if value >> bit & 1 and value & (value - 1):
                yield value & ~(1 << bit)
