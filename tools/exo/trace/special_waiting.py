"""Calls that wait: for time, for descriptors, on futexes, in strace's form."""

from __future__ import annotations

import struct

from . import names, structures
from .text_of import hexadecimal
from .values import Argument, Call, NotYet, Values, constant, signed

EINTR = 4
SIGNAL_SET_SIZE = 8


def _remaining(place: int):
    """Where the time that is left goes: an address unless a signal has interrupted the wait."""
    def arguments(values: Values, call: Call) -> list[Argument]:
        all_of_them = values.plain(call)

        def left() -> str:
            if not call.is_done:
                raise NotYet
            address = call.words[place]
            if call.error == EINTR or call.restart:
                shown = values.element(call, call.written, address, call.description["arguments"][place]["element"])
                if shown is not None:
                    return shown
            return hexadecimal(address)
        all_of_them[place] = Argument(left, at_end=call.words[place] != 0)
        return all_of_them
    return arguments


def _entries(values: Values, call: Call) -> Argument:
    return Argument(lambda: values.elements(call, call.read, call.words[0], call.description["arguments"][0]["element"],
                                            call.words[1] & 0xffffffff) or values.missing(call, call.words[0]))


def _time_before(values: Values, call: Call, place: int) -> Argument:
    """A time limit as it was given; what is left of it stands behind the result."""
    element = call.description["arguments"][place]["element"]
    return Argument(lambda: values.element(call, call.read, call.words[place], element) or values.missing(call, call.words[place]))


def _poll(values: Values, call: Call) -> list[Argument]:
    return [_entries(values, call), *values.plain(call)[1:]]


def _ppoll(values: Values, call: Call) -> list[Argument]:
    return [_entries(values, call), constant(str(call.words[1] & 0xffffffff)), _time_before(values, call, 2), *values.plain(call)[3:]]


def _poll_result(values: Values, call: Call) -> str:
    if call.result == 0:
        return "0 (Timeout)"
    found = []
    for index in range(min(call.words[1] & 0xffffffff, 4096)):
        data = call.written.get(call.words[0] + 8 * index, 8)
        events = data[6:8] if len(data) == 8 else call.written.get(call.words[0] + 8 * index + 6, 2)
        before = call.read.get(call.words[0] + 8 * index, 8)
        if len(events) < 2 or events == b"\0\0" or len(before) < 4:
            continue
        if len(found) == values.string_limit:
            found.append("...")
            break
        descriptor = signed(int.from_bytes(before[:4], "little"), 32)
        found.append(f"{{fd={descriptor}, revents={structures.bits(int.from_bytes(events, 'little'), structures.POLL_EVENTS)}}}")
    left = _left(values, call, 2) if call.name == "ppoll" else ""
    return f"{call.result} ([{', '.join(found)}]{', ' + left if left else ''})"


def _left(values: Values, call: Call, place: int) -> str:
    element = call.description["arguments"][place]["element"]
    shown = values.element(call, call.written, call.words[place], element) if call.words[place] else None
    return f"left {shown}" if shown else ""


def _select(values: Values, call: Call) -> list[Argument]:
    count, *sets = values.plain(call)[:4]
    # The sets are known as soon as the call has read them.
    shown = [count, *(Argument(one.show) for one in sets), _time_before(values, call, 4)]
    if call.name == "pselect6":
        shown.append(Argument(lambda: _mask_argument(values, call, call.words[5])))
    return shown


def _mask_argument(values: Values, call: Call, word: int) -> str:
    data = call.read.get(word, 16)
    if len(data) < 16:
        return values.missing(call, word)
    address, size = struct.unpack("<QQ", data)
    mask = call.read.get(address, SIGNAL_SET_SIZE)
    shown = names.signal_set(int.from_bytes(mask, "little")) if len(mask) == SIGNAL_SET_SIZE else hexadecimal(address)
    return f"{{sigmask={shown}, sigsetsize={size}}}"


def _select_result(values: Values, call: Call) -> str:
    if call.result == 0:
        return "0 (Timeout)"
    shown = []
    for name, place in (("in", 1), ("out", 2), ("except", 3)):
        members = values.members(call.written, call.words[place], call.words[0]) if call.words[place] else None
        if members:
            shown.append(f"{name} [{' '.join(map(str, members))}]")
    left = _left(values, call, 4)
    return f"{call.result} ({', '.join(shown + ([left] if left else []))})" if shown or left else str(call.result)


FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP, FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI = 0, 1, 3, 4, 5, 6, 7, 8
FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI, FUTEX_LOCK_PI2 = 9, 10, 11, 12, 13
FUTEX_PRIVATE, FUTEX_REALTIME = 128, 256
_FUTEX_OPERATIONS = ("SET", "ADD", "OR", "ANDN", "XOR")
_FUTEX_COMPARISONS = ("EQ", "NE", "LT", "LE", "GT", "GE")


def _futex(values: Values, call: Call) -> list[Argument]:
    address, operation, value, _, second, third = call.words
    kind = operation & 0x7f
    found = next((one for one in call.description["arguments"][1]["values"] if one["value"] == kind), None)
    name = names.enumerator("FutexOperation", found["name"]) if found else f"{kind:#x} /* FUTEX_??? */"
    if operation & FUTEX_PRIVATE:
        name += "_PRIVATE"
    if operation & FUTEX_REALTIME:
        name += "|FUTEX_CLOCK_REALTIME"
    head = [constant(hexadecimal(address)), constant(name)]
    number = constant(str(value & 0xffffffff))
    count = constant(str(call.words[3] & 0xffffffff))
    limit = Argument(lambda: values.show(call, 3, call.description["arguments"][3]))
    other = constant(hexadecimal(second))
    bitset = constant("FUTEX_BITSET_MATCH_ANY" if third & 0xffffffff == 0xffffffff else f"{third & 0xffffffff:#x}")
    last = constant(str(third & 0xffffffff))
    if kind == FUTEX_WAIT:
        return [*head, number, limit]
    if kind == FUTEX_WAIT_BITSET:
        return [*head, number, limit, bitset]
    if kind == FUTEX_WAKE:
        return [*head, number]
    if kind == FUTEX_WAKE_BITSET:
        return [*head, number, bitset]
    if kind == FUTEX_REQUEUE:
        return [*head, number, count, other]
    if kind in (FUTEX_CMP_REQUEUE, FUTEX_CMP_REQUEUE_PI):
        return [*head, number, count, other, last]
    if kind == FUTEX_WAKE_OP:
        return [*head, number, count, other, constant(_wake_operation(third & 0xffffffff))]
    if kind in (FUTEX_LOCK_PI, FUTEX_LOCK_PI2):
        return [*head, limit]
    if kind in (FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI):
        return head
    if kind == FUTEX_WAIT_REQUEUE_PI:
        return [*head, number, limit, other]
    return [*head, number, constant(hexadecimal(call.words[3])), other, constant(f"{third & 0xffffffff:#x}")]


def _wake_operation(word: int) -> str:
    operation, comparison = word >> 28 & 0xf, word >> 24 & 0xf
    first, second = word >> 12 & 0xfff, word & 0xfff
    name = _FUTEX_OPERATIONS[operation & 7] if operation & 7 < len(_FUTEX_OPERATIONS) else f"{operation & 7:#x}"
    shift = "FUTEX_OP_OPARG_SHIFT<<28|" if operation & 8 else ""
    comparing = _FUTEX_COMPARISONS[comparison] if comparison < len(_FUTEX_COMPARISONS) else f"{comparison:#x}"
    return f"{shift}FUTEX_OP_{name}<<28|{first:#x}<<12|FUTEX_OP_CMP_{comparing}<<24|{second:#x}"


ARGUMENTS = {"nanosleep": _remaining(1), "clock_nanosleep": _remaining(3), "poll": _poll, "ppoll": _ppoll, "select": _select,
             "pselect6": _select, "futex": _futex}
RESULTS = {"poll": _poll_result, "ppoll": _poll_result, "select": _select_result, "pselect6": _select_result}
