"""Arguments and results as text, by the descriptions of the calls (docs/call_descriptions.md).

What lies in memory is shown from what the kernel copied during the call, never from anywhere else. What it did not copy is shown
as an address.
"""

from __future__ import annotations

import struct

from . import names, structures
from .memory import Memory
from .text_of import hexadecimal, quoted, quoted_path

ERRNO_LIMIT = 4095
AT_FDCWD = -100
# The calls whose OpenFlags say how the file may be used.
WITH_ACCESS_MODE = ("open", "openat", "fcntl")


class NotYet(Exception):
    """The call has not read or written this yet."""


class Call:
    """One system call of one task, as far as it has come."""

    __slots__ = ("tid", "number", "name", "description", "words", "begin", "end", "read", "written", "paths", "result", "restart",
                 "is_done", "resumes", "shown", "has_company")

    def __init__(self, tid: int, number: int, name: str, description: dict | None, words: tuple, begin: int) -> None:
        self.tid = tid
        self.number = number
        self.name = name
        self.description = description
        self.words = words
        self.begin = begin
        self.end = begin
        self.read = Memory()
        self.written = Memory()
        self.paths: dict[int, str] = {}
        self.result = 0
        self.restart = 0
        self.is_done = False
        self.resumes = ""  # the call that restart_syscall goes on with
        self.shown = 0     # arguments that are in the output already
        self.has_company = False  # there were several tasks when it began

    @property
    def error(self) -> int:
        """The errno, or 0. Of no meaning where `restart` is set."""
        return -self.result if self.is_done and -ERRNO_LIMIT <= self.result < 0 else 0

    @property
    def has_failed(self) -> bool:
        return self.is_done and (self.restart != 0 or self.error != 0)


class Argument:
    """`show()` is its text (Errors: NotYet); `at_end`: only known when the call has ended."""

    __slots__ = ("show", "at_end")

    def __init__(self, show, at_end: bool = False) -> None:
        self.show = show
        self.at_end = at_end


def number_of(word: int, description: dict) -> int:
    """The bytes of a register that count."""
    bits = 8 * description.get("size", 8)
    value = word & (1 << bits) - 1
    return value - (1 << bits) if description.get("signed") and value >> bits - 1 else value


def signed(word: int, bits: int = 64) -> int:
    value = word & (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


class Values:
    """`string_limit`: bytes of each string; `shows_paths`: descriptors with what they lead to; `is_verbose`: whole structures."""

    def __init__(self, string_limit: int = 32, shows_paths: bool = False, is_verbose: bool = False) -> None:
        self.string_limit = string_limit
        self.shows_paths = shows_paths
        self.is_verbose = is_verbose

    # ---- Calls.

    def arguments(self, call: Call) -> list[Argument]:
        from . import special
        own = special.ARGUMENTS.get(call.name)
        if own is not None and call.description is not None:
            return own(self, call)
        if call.description is None:
            return self._of_unknown(call)
        return self.plain(call)

    def _of_unknown(self, call: Call) -> list[Argument]:
        from .call_names import CALLS
        count = CALLS[call.number][1] if call.number in CALLS else 6
        return [constant(hexadecimal(word, null="0")) for word in call.words[:count]]

    def plain(self, call: Call) -> list[Argument]:
        """As the description alone has them."""
        return self.described(call, call.description["arguments"])

    def described(self, call: Call, descriptions: list[dict], first: int = 0) -> list[Argument]:
        """The arguments from place `first` on. A command replaces those behind it by its own."""
        result: list[Argument] = []
        for place, description in enumerate(descriptions, first):
            if description["kind"] == "command":
                return result + self._commanded(call, description, place)
            result.append(self.argument(call, place, description))
        return result

    def _commanded(self, call: Call, description: dict, place: int) -> list[Argument]:
        value = call.words[place] & 0xffffffff
        chosen = self.chosen_command(call)
        if chosen is None:
            known = names.COMMANDS.get(call.name, {}).get(value)
            text = known or f"{value:#x} /* {names.COMMAND_SETS.get(call.name, '???')} */"
            rest = [] if place + 1 >= len(call.description["arguments"]) else [constant(hexadecimal(call.words[place + 1], null="0"))]
            return [constant(text), *rest]
        return [constant(names.command(call.name, chosen["name"], chosen["value"])),
                *self.described(call, chosen["arguments"], place + 1)]

    def chosen_command(self, call: Call) -> dict | None:
        for place, description in enumerate((call.description or {}).get("arguments", [])):
            if description["kind"] == "command":
                value = call.words[place] & 0xffffffff
                return next((one for one in description["commands"] if one["value"] == value), None)
        return None

    def argument(self, call: Call, place: int, description: dict) -> Argument:
        word = call.words[place]
        direction = description.get("direction")
        at_end = direction in ("out", "inout") and word != 0
        return Argument(lambda: self.show(call, place, description), at_end)

    def show(self, call: Call, place: int, description: dict) -> str:
        """One argument as text. Errors: NotYet."""
        word = call.words[place]
        kind = description["kind"]
        if kind == "descriptor":
            return self.descriptor(call, place, number_of(word, description), description)
        if kind == "path":
            return self.path(call, word)
        if kind == "text":
            return self.text(call, word)
        if kind == "texts":
            return self.texts(call, word)
        if kind == "pointer":
            return self.pointer(call, word, description)
        if kind in ("array", "buffer", "io_vectors", "descriptor_set"):
            return getattr(self, kind)(call, word, description)
        return self.scalar(call, word, description)

    # ---- Numbers.

    def scalar(self, call: Call | None, word: int, description: dict) -> str:
        kind = description["kind"]
        value = number_of(word, description)
        if kind in ("address", "address_range"):
            return hexadecimal(value)
        if kind in ("flags", "choice"):
            if kind == "choice":
                return self.choice(value, description)
            has_access_mode = call is None or call.name in WITH_ACCESS_MODE
            return self.flag_names(value, description["type"], description["values"], description.get("of"), has_access_mode)
        if kind == "offset":
            return str(signed(word))
        if kind == "mode":
            return structures.mode(value, description.get("of") == "with_type")
        if kind == "device":
            return structures.device(value)
        if kind in ("uid", "gid"):
            return "-1" if value == 0xffffffff else str(value)
        if kind == "signal":
            return names.signal(value)
        if kind == "signal_set":
            return names.signal_set(word)
        if kind == "wait_status":
            return structures.wait_status(value)
        if kind in ("magic", "unused"):
            return hexadecimal(value, null="0")
        if kind == "milliseconds":
            return str(signed(word, 32))
        return str(value)

    def flags(self, value: int, description: dict) -> str:
        return self.flag_names(value, description["type"], description["values"], description.get("of"))

    def flag_names(self, value: int, type_name: str, values: list[dict], of: str | None = None, has_access_mode: bool = True) -> str:
        parts = []
        tail = ""
        value &= (1 << 64) - 1
        if of == "signal_in_low_byte":
            tail = names.signal(value & 0xff) if value & 0xff else ""
            value &= ~0xff
        for bit_set, name in names.COMBINATIONS.get(type_name, ()):
            if value & bit_set == bit_set:
                parts.append(name)
                value &= ~bit_set
        known = [(one["value"], names.enumerator(type_name, one["name"])) for one in values
                 if (type_name, one["name"]) not in names.MASKS]
        known += names.MORE_FLAGS.get(type_name, {}).items()
        if type_name == "OpenFlags" and has_access_mode:
            parts.append(next(name for bit_set, name in known if bit_set == value & 3) if value & 3 != 3 else "O_ACCMODE")
            value &= ~3
            known = [one for one in known if one[0] > 3]
        elif type_name == "MapFlags" and value & 0xf:
            parts.append(next((name for bit_set, name in known if bit_set == value & 0xf), f"{value & 0xf:#x} /* MAP_??? */"))
            value &= ~0xf
            known = [one for one in known if one[0] > 0xf]
        for bit_set, name in sorted((one for one in known if one[0]), key=lambda one: -one[0].bit_count()):
            if value & bit_set == bit_set:
                value &= ~bit_set
                parts.append((bit_set, name))
        ordered = [part for part in parts if isinstance(part, str)]
        ordered += [name for _, name in sorted((part for part in parts if not isinstance(part, str)), reverse=type_name == "AccessMode")]
        if tail:
            ordered.append(tail)
        if value:
            unknown = f"{value:#x}"
            ordered.append(unknown if ordered else f"{unknown} /* {names.PREFIXES.get(type_name, '')}??? */")
        if not ordered:
            return self._nothing(type_name, known)
        return "|".join(ordered)

    @staticmethod
    def _nothing(type_name: str, known: list) -> str:
        zero = next((name for bit_set, name in known if bit_set == 0), "0")
        return zero if type_name in ("Protection", "AccessMode") else "0"

    def choice(self, value: int, description: dict) -> str:
        extra = 0
        for flag in description.get("flags", []):
            extra |= flag["value"]
        base, added = value & ~extra if extra else value, value & extra
        found = next((one for one in description["values"] if one["value"] == base), None)
        prefix = names.PREFIXES.get(description["type"], "")
        text = names.enumerator(description["type"], found["name"]) if found else f"{base & 0xffffffff:#x} /* {prefix}??? */"
        for flag in description.get("flags", []):
            if flag["value"] and added & flag["value"]:
                text += "|" + names.enumerator(description["type"], flag["name"])
        return text

    def descriptor(self, call: Call, place: int, value: int, description: dict) -> str:
        path = call.paths.get(place) if self.shows_paths else None
        text = "AT_FDCWD" if value == AT_FDCWD and description.get("of") == "start" else str(value)
        return f"{text}<{path}>" if path is not None else text

    # ---- Memory that the call reads.

    def missing(self, call: Call, word: int) -> str:
        """What stands for memory that the kernel did not copy."""
        if word == 0:
            return "NULL"
        if not call.is_done:
            raise NotYet
        return hexadecimal(word)

    def path(self, call: Call, word: int) -> str:
        found = call.read.string(word)
        if found is None:
            return self.missing(call, word)
        if not found[1] and not call.is_done:
            raise NotYet  # the rest of a long one comes yet
        return quoted_path(found[0], found[1])

    def text(self, call: Call, word: int) -> str:
        found = call.read.string(word)
        return self.missing(call, word) if found is None else quoted(found[0], self.string_limit, is_whole=found[1])

    def texts(self, call: Call, word: int) -> str:
        pointers = self.pointers(call, word)
        if pointers is None:
            return self.missing(call, word)
        shown = []
        for index, pointer in enumerate(pointers):
            if index == self.string_limit and not self.is_verbose:
                shown.append("...")
                break
            shown.append(self.text(call, pointer))
        return "[" + ", ".join(shown) + "]"

    @staticmethod
    def pointers(call: Call, word: int) -> list[int] | None:
        """An array of pointers up to its null pointer, as far as it is known."""
        found = []
        while True:
            data = call.read.get(word + 8 * len(found), 8)
            if len(data) < 8:
                return found or None
            (pointer,) = struct.unpack("<Q", data)
            if pointer == 0:
                return found
            found.append(pointer)

    # ---- Memory of a known layout, read or written.

    def pointer(self, call: Call, word: int, description: dict) -> str:
        element = description["element"]
        direction = description.get("direction")
        if word == 0:
            return "NULL"
        before = self.element(call, call.read, word, element) if direction in ("in", "inout") else None
        after = None
        if direction in ("out", "inout") and call.is_done and not call.has_failed:
            after = self.element(call, call.written, word, element)
        if before is not None and after is not None and before != after:
            return f"{before} => {after}"
        shown = before if before is not None else after
        if shown is None:
            if direction in ("out", "inout") and not call.is_done:
                raise NotYet
            return self.missing(call, word)
        return shown

    def element(self, call: Call, memory: Memory, address: int, element: dict) -> str | None:
        """What a pointer leads to, or None if the kernel did not copy all of it."""
        if element["kind"] == "structure":
            data = memory.get(address, element["size"])
            return structures.structure(self, element, data) if len(data) == element["size"] else None
        size = 8 if element["kind"] == "signal_set" else element.get("size", 8)
        data = memory.get(address, size)
        if len(data) < size:
            return None
        word = int.from_bytes(data, "little")
        text = self.scalar(call, word, element) if element["kind"] != "descriptor" else str(signed(word, 32))
        return text if element["kind"] == "signal_set" else f"[{text}]"

    def array(self, call: Call, word: int, description: dict) -> str:
        if word == 0:
            return "NULL"
        direction = description.get("direction")
        count = description["count"] if "count" in description else call.words[description["length_argument"]] & 0xffffffff
        if direction == "out":
            if not call.is_done:
                raise NotYet
            if call.has_failed:
                return hexadecimal(word)
            if "count" not in description and call.description["result"]["kind"] == "count":
                count = min(count, call.result)
        memory = call.written if direction == "out" else call.read
        return self.elements(call, memory, word, description["element"], count) or self.missing(call, word)

    def elements(self, call: Call, memory: Memory, address: int, element: dict, count: int) -> str | None:
        """None if there are elements and none of them is known."""
        size = element.get("size", 8)
        shown = []
        for index in range(count):
            if index >= self.string_limit and not self.is_verbose:
                shown.append("...")
                break
            text = self.element(call, memory, address + index * size, element)
            if text is None:
                if not shown:
                    return None
                shown.append("...")
                break
            shown.append(text if element["kind"] == "structure" else text[1:-1])
        return "[" + ", ".join(shown) + "]"

    def buffer(self, call: Call, word: int, description: dict) -> str:
        size = call.words[description["length_argument"]]
        if description.get("of") == "pages":
            size = (size + 4095) // 4096
        if description.get("direction") == "in":
            return self.bytes_at(call, call.read, word, size)
        if not call.is_done:
            raise NotYet
        if call.has_failed or word == 0:
            return hexadecimal(word)
        if call.description["result"]["kind"] == "size":
            size = min(size, call.result)
        return self.bytes_at(call, call.written, word, size)

    def bytes_at(self, call: Call, memory: Memory, word: int, size: int) -> str:
        if word == 0:
            return "NULL"
        if size == 0:
            return '""'
        data = memory.get(word, min(size, self.string_limit))
        if not data:
            return self.missing(call, word)
        if not call.is_done and len(data) < min(size, self.string_limit):
            raise NotYet  # the rest of a long one comes yet
        return quoted(data, self.string_limit, is_whole=len(data) >= size)

    def io_vectors(self, call: Call, word: int, description: dict) -> str:
        if word == 0:
            return "NULL"
        count = call.words[description["length_argument"]] & 0xffffffff
        is_output = description.get("direction") == "out"
        if is_output and not call.is_done:
            raise NotYet
        left = call.result if is_output and not call.has_failed else None
        shown = []
        for index in range(count):
            data = call.read.get(word + 16 * index, 16)
            if len(data) < 16 or (index >= self.string_limit and not self.is_verbose):
                if not shown:
                    return self.missing(call, word)
                shown.append("...")
                break
            base, size = struct.unpack("<QQ", data)
            if not is_output:
                text = self.bytes_at(call, call.read, base, size)
            elif left is None:
                text = hexadecimal(base)
            else:
                text = self.bytes_at(call, call.written, base, min(size, left))
                left -= min(size, left)
            shown.append(f"{{iov_base={text}, iov_len={size}}}")
        return "[" + ", ".join(shown) + "]"

    def descriptor_set(self, call: Call, word: int, description: dict) -> str:
        if word == 0:
            return "NULL"
        members = self.members(call.read, word, call.words[description["length_argument"]])
        return self.missing(call, word) if members is None else "[" + " ".join(map(str, members)) + "]"

    @staticmethod
    def members(memory: Memory, word: int, count: int) -> list[int] | None:
        count = min(count & 0xffffffff, 1024 * 64)
        data = memory.get(word, (count + 63) // 64 * 8)
        if not data and count:
            return None
        return [number for number in range(min(count, 8 * len(data))) if data[number // 8] >> number % 8 & 1]

    # ---- Results.

    def result(self, call: Call) -> str:
        if call.restart:
            name, meaning = names.RESTARTS[call.restart]
            return f"? {name} ({meaning})"
        if call.error:
            return f"-1 {names.error(call.error)} ({names.error_text(call.error)})"
        from . import special
        own = special.RESULTS.get(call.name)
        if own is not None:
            return own(self, call)
        return self.described_result(call, call.description["result"] if call.description else {"kind": "size"})

    def described_result(self, call: Call, description: dict) -> str:
        kind = description["kind"]
        if kind == "by_command":
            chosen = self.chosen_command(call)
            return self.described_result(call, chosen["result"]) if chosen else str(call.result)
        word = call.result & (1 << 64) - 1
        if kind == "descriptor":
            path = call.paths.get(6) if self.shows_paths else None
            return f"{call.result}<{path}>" if path is not None else str(call.result)
        if kind == "address":
            return hexadecimal(word)
        if kind == "mode":
            return structures.mode(word, False)
        if kind == "flags":
            return f"{word:#x} (flags {self.flags(word, description)})" if word or description["type"] == "OpenFlags" else "0"
        if kind == "choice":
            return f"{call.result} ({self.choice(word, description)})"
        if kind == "signal":
            return f"{call.result} ({names.signal(call.result)})"
        return str(call.result)


def constant(text: str) -> Argument:
    return Argument(lambda: text)
