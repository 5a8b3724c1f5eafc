"""What two kernels must agree on: a record as lines of text in which everything that may differ is replaced by its kind.

A process id becomes the actor that has it, a time of today `now`, an inode or device number its order of appearance, a length
of time that passes by itself `a time`. Nothing else is left out: the rest of every structure stays.
"""

from __future__ import annotations

import errno
import itertools
import re
import stat

from campaign.compare import messages, reports
from campaign.machines import frames
from campaign.machines.frames import FILLER, PID, REPLY, Event, File, Record
from campaign.sequences.model import ARENA, ARENA_PAGES, PAGE
from campaign.sequences.sequence import CALL_FORK, CALL_GET_WORD, Buffer, Call, Result, Sequence

# The clocks of both machines start here (machine.py); nothing runs for longer than the second figure.
TODAY, DAY = 1704067200 - 3600, 200_000
INIT = 1

PIDS = {"getpid", "getppid", "gettid", "getpgrp", "getpgid", "getsid", "setsid", "wait4", "fork", "set_tid_address"}
ADDRESSES = {"mmap", "mremap", "brk"}
# Results that are lengths of time, or numbers that the kernel is free to choose.
TIMES = {"times", "time"}
# Commands of futex(2) that write thread ids: LOCK_PI, UNLOCK_PI, TRYLOCK_PI, LOCK_PI2.
LEAST_THREAD_ID, MOST_THREAD_ID = 300, 32768
PRIORITY_INHERITANCE = {6, 7, 8, 13}

# (structure, field): how it is replaced. A field that is not here must be the same.
FIELDS = {
    ("stat", "st_dev"): "device", ("stat", "st_ino"): "inode",
    ("statx", "stx_dev_major"): "free", ("statx", "stx_dev_minor"): "minor", ("statx", "stx_ino"): "inode",
    ("statx", "stx_mnt_id"): "free",
    ("statfs", "f_fsid"): "free",
    ("siginfo", "si_pid"): "pid", ("flock", "l_pid"): "pid",
    # What the machine does besides the program: its load, its memory, kernel threads; the version's text.
    **{("sysinfo", name): "free" for name in ("uptime", "loads", "totalram", "freeram", "sharedram", "procs")},
    ("utsname", "release"): "free", ("utsname", "version"): "free",
    # What a program has used: proc(5) and getrusage(2) leave open how it is counted.
    **{("rusage", name): "free" for name in ("ru_maxrss", "ru_minflt", "ru_majflt", "ru_nvcsw", "ru_nivcsw")},
}
# Calls that answer with what a clock shows, and with what is left of a time. The latter is known to some seconds.
CLOCKS = {"clock_gettime", "gettimeofday", "getrusage", "wait4", "waitid", "times", "adjtimex", "clock_adjtime", "recvmmsg"}
LEFT = {"select", "pselect6", "ppoll", "nanosleep", "clock_nanosleep", "getitimer", "setitimer"}
LEFT_OF_YEARS = {"timerfd_gettime", "timerfd_settime", "timer_gettime", "timer_settime"}
FRACTIONS = {"tv_nsec": 10**9, "tv_usec": 10**6}


def errno_name(value: int) -> str:
    return errno.errorcode.get(value, f"errno {value}")


class Normal:
    """One record's lines. `descriptions` by name."""

    def __init__(self, descriptions: dict[str, dict]) -> None:
        self._descriptions = descriptions
        self._types = _field_lists(descriptions)

    def lines(self, sequence: Sequence, record: Record) -> list[str]:
        naming = _Naming(sequence, record)
        lines = []
        is_endless = False
        for event in _by_actor(record.events, len(sequence.calls)):
            made = self._event(sequence, event, naming)
            # Who still runs turns in a circle, and sends signals to its group as often as it gets round (a stopped write's
            # SIGTTOU, signal(7)): how often that is depends on how fast a kernel is.
            is_endless = is_endless or event.kind == frames.SILENT and chr(event.detail) == "R"
            lines += [line for line, _ in itertools.groupby(made)] if is_endless else made
        lines += [_file_line(file, naming) for file in record.files]
        return lines + ([f"terminal shows {record.terminal!r}"] if record.terminal else [])

    def _event(self, sequence: Sequence, event: Event, naming: _Naming) -> list[str]:
        is_call = event.call < len(sequence.calls)
        call = sequence.calls[event.call] if is_call else None
        head = f"#{event.call} {call.name}" if call else "then"
        lines = []
        match event.kind:
            case frames.REPLY if call is not None:
                lines.append(f"{head}: {self._result(sequence, call, event.result, naming)}")
                lines += [f"{head}: {line}" for line in self._outputs(sequence, call, event, naming)]
            case frames.SILENT:
                lines.append(f"{head}: actor {event.actor} waits ({chr(event.detail)})")
            case frames.DEAD:
                lines.append(f"{head}: actor {event.actor} has ended")
            case frames.SKIPPED:
                lines.append(f"{head}: not made")
        lines += [f"{head}: actor {event.actor} {_signal_text(signal, naming)}" for signal in event.signals]
        return lines

    def _result(self, sequence: Sequence, call: Call, result: int, naming: _Naming) -> str:
        if -4096 < result < 0:
            return errno_name(-result)
        kind = self._descriptions.get(call.name, {}).get("result", {}).get("kind", "")
        if call.number == CALL_FORK or kind == "pid" or call.name in PIDS:
            return naming.pid(result)
        if call.name in ADDRESSES or kind == "address":
            return naming.address(result)
        if call.name in TIMES:
            return "a time"
        if call.number == CALL_GET_WORD:
            return naming.word(result)
        if result > 0 and any(buffer.shape.startswith("/proc/") for buffer in call.outputs()):
            return "what there is"  # the report itself is compared; numbers in it may be longer
        if result > 0 and _lists_reports(sequence, call):
            return "what there is"
        return str(result)

    def _outputs(self, sequence: Sequence, call: Call, event: Event, naming: _Naming) -> list[str]:
        lines = []
        if event.result > 0 and _lists_reports(sequence, call):
            return lines
        for number, (buffer, data) in enumerate(zip(call.outputs(), event.outputs)):
            lines += [f"{number}: {line}" for line in self._output(call, event.result, buffer, data, naming)]
        return lines

    def _output(self, call: Call, result: int, buffer: Buffer, data: bytes, naming: _Naming) -> list[str]:
        if data == FILLER * len(data) and not (call.name == "getrandom" and result > 0):
            return ["untouched"]
        if buffer.shape == "pid":
            return [naming.pid(int.from_bytes(data[:4], "little"))]
        if buffer.shape.startswith("/proc/"):
            return reports.lines(buffer.shape, data[:max(result, 0)], naming)
        if (known := messages.lines(buffer.shape, data, naming)) is not None:
            return known
        if call.name == "futex" and isinstance(call.arguments[1], int) and call.arguments[1] % 128 in PRIORITY_INHERITANCE and len(data) == 4:
            return [naming.word(int.from_bytes(data, "little"))]
        fields = self._types.get(buffer.shape)
        if fields is None or len(data) % fields[0] != 0 or not data:
            return [_text_of(call, result, data, naming)]
        size, entries = fields
        words = []
        for start in range(0, len(data), size):
            words += _fields(call, buffer.shape, entries, data[start:start + size], naming)
        return [" ".join(words)]


def _by_actor(events: list[Event], calls: int) -> list[Event]:
    """What is seen of the others between two calls: actors may be looked at twice."""
    ordered: list[Event] = []
    looks: list[Event] = []
    last_call = -1
    for event in events:
        is_of_call = last_call < event.call < calls  # what its own actor has to say, or that it says nothing
        if not is_of_call and (event.kind in (frames.SILENT, frames.DEAD) or event.kind == REPLY and event.call >= calls):
            looks.append(event)
            continue
        ordered += [*sorted(looks, key=lambda look: look.actor), event]
        looks = []
        if is_of_call:
            last_call = event.call
    return ordered + sorted(looks, key=lambda look: look.actor)


def _lists_reports(sequence: Sequence, call: Call) -> bool:
    """Which files are in /proc depends on how a kernel was configured (proc(5)); the folders of report_rules.py are compared."""
    descriptor = call.arguments[0] if call.name == "getdents64" and call.arguments else None
    if not isinstance(descriptor, Result) or any(buffer.shape.startswith("/proc/") for buffer in call.outputs()):
        return False
    opened = sequence.calls[descriptor.call].buffers()
    return bool(opened) and opened[0].shape == "path" and re.fullmatch(rb"/proc(/self)?/?\0?", opened[0].data) is not None


def _fields(call: Call, structure: str, entries: list, data: bytes, naming: _Naming) -> list[str]:
    """`name=value` of each field; the two halves of a time together."""
    words, seconds = [], 0
    numbers = {name: int.from_bytes(data[offset:offset + width], "little", signed=is_signed)
               for name, offset, width, is_signed in entries}
    device = numbers.get("st_dev", _anonymous_device(numbers.get("stx_dev_minor", 0)))
    # Folders of processes in /proc, the only file system here with this size of blocks: each kernel has its own in them.
    is_socket = _mode_of(numbers) == 0o140777
    is_report = numbers.get("st_blksize", numbers.get("stx_blksize")) == 1024 and _mode_of(numbers) & 0o170000 == 0o040000
    for name, offset, width, _ in entries:
        raw, value = data[offset:offset + width], numbers[name]
        base, _, last = name.rpartition(".")
        if last == "tv_sec":
            seconds = value
        elif last in FRACTIONS:
            # A socket's times are what an earlier one in its place had (Linux's sock_alloc sets none).
            words.append(f"{base or structure}={'any' if is_socket else _time(call, seconds, value, FRACTIONS[last])}")
        elif is_report and last.endswith("_nlink"):
            words.append(f"{name}=any")
        elif width > 8:
            text = raw.rstrip(b"\0")
            words.append(f"{name}={naming.field(structure, name, text, device)}")
        else:
            words.append(f"{name}={naming.field(structure, name, value, device)}")
    return words


def _mode_of(numbers: dict[str, int]) -> int:
    return numbers.get("st_mode", numbers.get("stx_mode", 0))


def _anonymous_device(minor: int) -> int:
    """The number of a device whose major number is 0."""
    return minor & 0xFF | (minor & ~0xFF) << 12


def _time(call: Call, seconds: int, fraction: int, per_second: int) -> str:
    if not 0 <= fraction < per_second:
        return f"{seconds} and {fraction}"
    if call.name in CLOCKS:
        return "a time"
    if call.name in LEFT_OF_YEARS and seconds > 1 << 31:
        return "years"
    if call.name in LEFT_OF_YEARS and seconds > 10_000:
        return f"about {round(seconds, -3)} s"
    if call.name in LEFT and (seconds, fraction) != (0, 0):
        return f"about {round(seconds, -1)} s"
    return time_text(seconds, fraction * (10**9 // per_second))


def _field_lists(descriptions: dict[str, dict]) -> dict[str, tuple[int, list[tuple[str, int, int, bool]]]]:
    """The structures of all descriptions: size, and (name, offset, size, signed) of each field."""
    found = {}

    def look(value) -> None:
        if isinstance(value, dict):
            if value.get("kind") == "structure" and value.get("fields"):
                found[value["type"]] = (value["size"], [(field["name"], field["offset"], field["size"], field.get("signed", False))
                                                        for field in value["fields"]])
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(list(descriptions.values()))
    return found


class _Naming:
    """The names that a record's own numbers get."""

    def __init__(self, sequence: Sequence, record: Record) -> None:
        self._pids = {INIT: "init", 0: "0"}
        self._inodes: dict[tuple[int, int], int] = {}
        self._devices: dict[int, int] = {}
        self._chosen_names: dict[bytes, int] = {}
        self._box = record.files[0].file_system if record.files else 0
        for event in record.events:
            if event.kind == PID and event.detail > INIT:  # first in a namespace of its own it would be 1 as well
                self._pids[event.detail] = f"actor {event.actor}"
            elif event.kind == REPLY and event.call < len(sequence.calls):
                call = sequence.calls[event.call]
                if call.number == CALL_FORK and event.result > 0:
                    self._pids[event.result] = f"actor {call.arguments[0]}"

    def pid(self, value: int) -> str:
        return self._pids.get(value, str(value))

    def word(self, value: int) -> str:
        """A word of a futex: mostly the id of a thread, with two bits above it."""
        owner = value & 0x3FFFFFFF
        if owner in self._pids and owner >= 2:
            return f"{value >> 30:#x} {self.pid(owner)}"
        # A thread that is no actor, or has ended.
        return f"{value >> 30:#x} a thread" if LEAST_THREAD_ID <= owner <= MOST_THREAD_ID else str(value)

    anonymous_device = staticmethod(_anonymous_device)

    def chosen_name(self, digits: bytes) -> int:
        return self._chosen_names.setdefault(digits, len(self._chosen_names))

    def address(self, value: int) -> str:
        if ARENA <= value < ARENA + ARENA_PAGES * PAGE:
            return f"arena+{value - ARENA:#x}"
        return f"somewhere+{value % PAGE:#x}" if value else "0"

    def inode(self, value: int, device: int | None = None) -> str:
        """Numbers count within a file system: mostly that of the box."""
        key = (self._box if device is None else device, value)
        return f"inode {self._inodes.setdefault(key, len(self._inodes))}"

    def device(self, value: int) -> str:
        return f"device {self._devices.setdefault(value, len(self._devices))}"

    def field(self, structure: str, name: str, value: int | bytes, device: int) -> str:
        if (structure, name) == ("siginfo", "words") and isinstance(value, bytes):  # si_pid, then the rest
            return f"{self.pid(int.from_bytes(value[:4], 'little'))} {value[4:]!r}"
        match FIELDS.get((structure, name)):
            case "device":
                return self.device(value)
            case "inode":
                return self.inode(value, device)
            case "minor":
                return self.device(_anonymous_device(value))
            case "pid":
                return self.pid(value)
            case "free":
                return "any"
        return str(value)


def _signal_text(signal, naming: _Naming) -> str:
    sender = naming.pid(signal.sender) if signal.sender else "0"
    nested = f" inside of {signal.was_nested}" if signal.was_nested else ""
    return (f"gets signal {signal.number} in handler {signal.handler}{nested}: "
            f"code {signal.code}, from {sender}, value {signal.value}")


def _text_of(call: Call, result: int, data: bytes, naming: _Naming) -> str:
    if call.name == "getrandom" and result > 0:
        return f"{result} bytes, then {data[result:].rstrip(FILLER)!r}"  # the last of them may be FILLER by chance
    if call.name == "getdents64" and result > 0:
        return f"{_entries_text(data[:result], naming)}, then {data[result:]!r}"
    if call.name in ("readlink", "readlinkat") and data[:max(result, 0)].isdigit():  # /proc/self
        whose = naming.pid(int(data[:result])) if result < len(data) else f"the first {result} digits"
        return f"{whose}, then {_middle(data[result:])}"
    if call.name == "getcwd" and (found := re.match(rb"/proc/(\d+)", data)):
        return f"/proc/{naming.pid(int(found[1]))}, then {_middle(data[found.end():])}"
    if call.name == "time":
        return time_text(int.from_bytes(data, "little"), 0)
    return repr(data)


def _middle(data: bytes) -> str:
    """Without what was not written at the end."""
    return f"{data.rstrip(FILLER)!r} of {len(data)}"


def _entries_text(data: bytes, naming: _Naming) -> str:
    """Directory entries in their order. What d_off is, and the bytes behind a name, are open (getdents(2))."""
    words, at = [], 0
    while at + 19 <= len(data):
        inode = int.from_bytes(data[at:at + 8], "little")
        size = int.from_bytes(data[at + 16:at + 18], "little")
        name = data[at + 19:at + size].split(b"\0")[0]
        words.append(f"{naming.inode(inode)} size {size} type {data[at + 18]} {name!r}")
        at += max(size, 1)
    return "; ".join(words)


def time_text(seconds: int, nanoseconds: int) -> str:
    return "now" if TODAY <= seconds < TODAY + DAY and nanoseconds < 10**9 else f"{seconds}.{nanoseconds:09d}"


def _file_line(file: File, naming: _Naming) -> str:
    times = " ".join(time_text(file.times[2 * i], file.times[2 * i + 1]) for i in range(3))
    kind = stat.filemode(file.mode)
    size = file.size
    target = f" -> {file.target!r}" if file.target else ""
    return (f"file {file.path}: {kind} {file.mode:o} links {file.links} {file.uid}:{file.gid} size {size} blocks {file.blocks} "
            f"rdev {file.device} {naming.inode(file.inode, file.file_system)} content {file.content:x} times {times}{target}")
