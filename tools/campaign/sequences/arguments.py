"""All arguments of a call, out of its description (docs/call_descriptions.md): what goes together is made together."""

from __future__ import annotations

import dataclasses

from campaign.sequences.sequence import IN, IN_OUT, OUT, Argument, Buffer, Pointer
from campaign.sequences.values import MASK, Values

DIRECTIONS = {"in": IN, "out": OUT, "inout": IN_OUT}
RLIMIT_CPU, RLIMIT_STACK, RLIMIT_RTTIME = 0, 3, 15
# The least that sequences make of a limit. No CPU time at all is over at the next tick that finds the program running
# (RLIMIT_RTTIME counts microseconds); what a stack needs at least depends on what the kernel has put there, and on its frames of
# signals: that is nobody's choice.
LEAST = {RLIMIT_CPU: 100, RLIMIT_STACK: 1 << 20, RLIMIT_RTTIME: 100_000_000}
# No core files are written here: a limit above zero would ask Linux for one (core(5)).
RLIMIT_CORE = 4
MADV_DONTNEED, MADV_FREE = 4, 8
MFD_HUGETLB = 4
F_SETFL, O_ASYNC = 4, 0o20000
_ENTRIES = (0, 1, 1, 2, 3, 5, 16)


def _with_room(name: str, made: list[Argument]) -> list[Argument]:
    """Limits that leave room enough (LEAST), and none for a core file."""
    place = {"setrlimit": 0, "prlimit64": 1}.get(name)
    resource = made[place] if place is not None and place < len(made) else None
    if not isinstance(resource, int) or resource not in LEAST and resource != RLIMIT_CORE:
        return made
    least, most = LEAST.get(resource, 0), 0 if resource == RLIMIT_CORE else MASK
    return [_with_soft_limit(argument, least, most) if isinstance(argument, Buffer) and argument.data else argument
            for argument in made]


def _with_soft_limit(limits: Buffer, least: int, most: int) -> Buffer:
    soft = min(max(int.from_bytes(limits.data[:8], "little"), least), most)
    return dataclasses.replace(limits, data=soft.to_bytes(8, "little") + limits.data[8:])


# In memory, where no actor's can be named: init's, nobody's, and none at all. Of others there may be kernel threads.
_PIDS = (0, 1, 99_999, 1 << 22, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)


def _quick(commands: list[dict]) -> list[dict]:
    """Without a terminal's breaks and its hang-up, if there are others. A break takes a quarter of a second: what others do
    meanwhile depends on how fast they are. A hang-up ends the session's leader, and then those who did it: before they return, or
    after (terminal_rules.py knows when it may be). Nor with record locks that are waited for, perhaps for ever."""
    slow = ("SendBreak", "HangUp", "Setlkw", "OfdSetlkw")
    return [command for command in commands if not command["name"].startswith(slow)] or commands


def _comparable(name: str, description: dict) -> dict:
    """Without MADV_FREE: what is freed so goes "at any time" (madvise(2)), here at once and on Linux when memory runs short, so that
    nothing about it could be compared."""
    if name != "madvise":
        return description
    return {**description, "values": [entry for entry in description["values"] if entry["value"] != MADV_FREE]}


class Arguments:
    """Collects them. `extra` are the buffers that only pointers lead to."""

    def __init__(self, values: Values, description: dict) -> None:
        self.values = values
        self.rng = values.rng
        self.name = description.get("name", "")
        self.given = description["arguments"]
        self.extra: tuple[Buffer, ...] = ()
        self._lengths: dict[int, int] = {}
        self._by_command: list[dict] = []

    def make(self) -> tuple[Argument, ...]:
        made: list[Argument] = []
        for place, description in enumerate(self.given):
            if "length_argument" in description and description["length_argument"] not in self._lengths:
                self._lengths[description["length_argument"]] = self._choose_length(description)
        for place, description in enumerate(self.given):
            if description["kind"] == "by_command":
                description = self._by_command.pop(0) if self._by_command else {"kind": "unused"}
            made.append(self._argument(place, description, made))
        if self.name == "memfd_create" and isinstance(made[1], int):
            made[1] &= ~MFD_HUGETLB  # a kernel without huge pages answers ENOSYS, and every later descriptor has another number
        if self.name == "madvise" and made[2] == MADV_FREE:  # by chance
            made[2] = MADV_DONTNEED
        # Signals for input are not there: who asks for them gets an error, and none of those that would end it.
        if self.name == "fcntl" and made[1:2] == [F_SETFL] and isinstance(made[-1], int):
            made[-1] &= ~O_ASYNC
        return tuple(_with_room(self.name, made))

    def _choose_length(self, description: dict) -> int:
        match description["kind"]:
            case "address_range":
                return self.values.range_length()
            case "array" | "io_vectors":
                return self.rng.choice(_ENTRIES)
            case "descriptor_set":
                return self.rng.choice((0, 1, 8, 32, 64, 65))
            case _:
                return self.values.length()

    def _argument(self, place: int, description: dict, made: list[Argument]) -> Argument:
        values, kind, of = self.values, description["kind"], description.get("of", "")
        if place in self._lengths:
            right = self._lengths[place]
            wrong = (right + 1, MASK, 1 << 31, 1 << 47, (1 << 63) - 1, -1 & MASK)
            return self.rng.choice(wrong) & MASK if values.is_odd() else right
        match kind:
            case "size":
                return 8 if of == "signal_set" and not values.is_odd() else values.length()
            case "offset":
                return values.offset()
            case "descriptor":
                return values.descriptor(of)
            case "path":
                return 0 if description.get("null") and self.rng.random() < 0.2 else values.path(of)
            case "text":
                return Buffer(5, b"text\0", IN, (), "text") if not values.is_odd() else values.path("existing")
            case "flags":
                return values.flags(description)
            case "choice":
                return values.choice(_comparable(self.name, description))
            case "command":
                command = self.rng.choice(_quick(description["commands"]))
                self._by_command = list(command.get("arguments", ()))
                return command["value"] if not values.is_odd() else values.number(32)
            case "mode":
                return values.mode()
            case "uid" | "gid" | "selected_id":
                return values.identity() if kind != "selected_id" else values.process("process_or_self")
            case "pid":
                return values.process(of)
            case "signal":
                return values.signal()
            case "address" | "address_range":
                return values.address()
            case "boolean":
                return self.rng.choice((0, 1, 2)) if values.is_odd() else self.rng.choice((0, 1))
            case "zero":
                return values.number() if values.is_odd() else 0
            case "unused":
                return 0
            case "nice":
                return self.rng.choice((0, 1, 5, 19, 20, -1 & MASK, -20 & MASK))
            case "milliseconds" | "seconds":
                return self.rng.choice((0, 1, 5))
            case "device":
                return self.rng.choice((0x103, 0x105, 0x107, 0, 0xFFFF))
            case "magic":
                return values.number(32)
        return self._memory(description)

    def _memory(self, description: dict) -> Argument:
        values, kind = self.values, description["kind"]
        direction = description.get("direction", "in")
        if description.get("null") and self.rng.random() < 0.35:
            return 0
        if self.rng.randrange(values.odd * 2) == 0:
            return values.bad_address()
        match kind:
            case "pointer":
                return self._pointed(description["element"], 1, direction)
            case "array":
                count = description.get("count", self._lengths.get(description.get("length_argument", -1), 1))
                return self._pointed(description["element"], count, direction)
            case "buffer":
                length = self._lengths.get(description.get("length_argument", -1), values.length())
                return values.memory(direction, length // 4096 + 1 if description.get("of") == "pages" else length)
            case "io_vectors":
                return self._io_vectors(direction, self._lengths.get(description.get("length_argument", -1), 1))
            case "descriptor_set":
                return Buffer(128, bytes([self.rng.randrange(256) & 0x3F]), IN_OUT, (), "descriptor_set")
            case _:
                return values.number()

    def _pointed(self, element: dict, count: int, direction: str) -> Argument:
        size = element.get("size", 8)
        shape = element.get("type") or element["kind"]
        if count > 512 or size * count > 65536:
            count = 512 // max(size, 1)
        data = b"" if direction == "out" else b"".join(self._element(element, size) for _ in range(count))
        return Buffer(size * count, data, DIRECTIONS[direction], (), shape)

    def _element(self, element: dict, size: int) -> bytes:
        values = self.values
        match element["kind"]:
            case "structure":
                return values.structure(element)[:size].ljust(size, b"\0")
            case "signal_set":
                return values.signal_set()
            case "gid" | "uid":
                number = values.identity()
            case "offset":
                number = values.offset()
            case "pid":
                number = self.rng.choice(_PIDS)
            case _:
                number = values.number(8 * size)
        return (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def _io_vectors(self, direction: str, count: int) -> Argument:
        # They follow the vectors themselves, which are the only buffer among the arguments of such a call.
        count = min(count, 5)
        buffers, pointers, data = [], [], b""
        for index in range(count):
            length = self.values.length() % 2000
            buffers.append(self.values.bytes_in(length) if direction == "in" else Buffer(length, b"", OUT))
            pointers.append((16 * index, Pointer(1 + index)))
            data += b"\0" * 8 + length.to_bytes(8, "little")
        self.extra = tuple(buffers)
        return Buffer(16 * count, data, IN, tuple(pointers), "iovec")
