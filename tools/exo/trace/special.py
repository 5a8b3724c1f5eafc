"""Calls that strace writes otherwise than their descriptions alone would have it."""

from __future__ import annotations

import struct

from . import names, special_processes as processes, special_waiting as waiting, structures
from .text_of import hexadecimal, quoted_hexadecimal, quoted_path
from .values import Argument, Call, NotYet, Values, constant

O_CREAT, O_TMPFILE = 0x40, 0x400000
REMAP_WITH_ADDRESS = 2 | 4
CONTEXT_MASK_OFFSET = 296  # of uc_sigmask in ucontext
SIGNAL_SET_SIZE = 8


def _leading(count: int):
    """Only so many arguments."""
    return lambda values, call: values.plain(call)[:count]


# ---- Files.

def _open(flags_at: int):
    def arguments(values: Values, call: Call) -> list[Argument]:
        all_of_them = values.plain(call)
        return all_of_them if call.words[flags_at] & (O_CREAT | O_TMPFILE) else all_of_them[:flags_at + 1]
    return arguments


def _mknod(mode_at: int):
    def arguments(values: Values, call: Call) -> list[Argument]:
        all_of_them = values.plain(call)
        is_device = call.words[mode_at] & structures.TYPE_MASK in structures.DEVICES
        return all_of_them if is_device else all_of_them[:mode_at + 1]
    return arguments


def _getcwd(values: Values, call: Call) -> list[Argument]:
    def path() -> str:
        if not call.is_done:
            raise NotYet
        data = call.written.get(call.words[0], call.result) if call.result > 0 else b""
        return quoted_path(data.rstrip(b"\0"), len(data) == call.result) if data else hexadecimal(call.words[0])
    return [Argument(path, at_end=True), constant(str(call.words[1]))]


def _getdents64(values: Values, call: Call) -> list[Argument]:
    def entries() -> str:
        if not call.is_done:
            raise NotYet
        if call.has_failed:
            return hexadecimal(call.words[1])
        count, at = 0, 0
        while at < call.result:
            head = call.written.get(call.words[1] + at, 18)
            size = struct.unpack_from("<H", head, 16)[0] if len(head) == 18 else 0
            if size == 0:
                return f"{hexadecimal(call.words[1])} /* {count}+ entries */"
            count += 1
            at += size
        return f"{hexadecimal(call.words[1])} /* {count} entries */"
    first, _, last = values.plain(call)
    return [first, Argument(entries, at_end=True), last]


def _getrandom(values: Values, call: Call) -> list[Argument]:
    def random_bytes() -> str:
        if not call.is_done:
            raise NotYet
        data = call.written.get(call.words[0], min(call.result, values.string_limit)) if call.result > 0 else b""
        if not data:
            return hexadecimal(call.words[0])
        return quoted_hexadecimal(data, values.string_limit, is_whole=len(data) >= call.result)
    return [Argument(random_bytes, at_end=True), *values.plain(call)[1:]]


# ---- Memory.

def _mmap(values: Values, call: Call) -> list[Argument]:
    return [*values.plain(call)[:5], constant(hexadecimal(call.words[5], null="0"))]


def _mremap(values: Values, call: Call) -> list[Argument]:
    all_of_them = values.plain(call)
    return all_of_them if call.words[3] & REMAP_WITH_ADDRESS else all_of_them[:4]


# ---- Signals and the rest.

def _rt_sigreturn(values: Values, call: Call) -> list[Argument]:
    def mask() -> str:
        bits = call.read.first_large(CONTEXT_MASK_OFFSET + SIGNAL_SET_SIZE)
        if bits is None:
            if not call.is_done:
                raise NotYet
            return "{mask=?}"
        word = int.from_bytes(bits[CONTEXT_MASK_OFFSET:CONTEXT_MASK_OFFSET + SIGNAL_SET_SIZE], "little")
        return f"{{mask={names.signal_set(word)}}}"
    return [Argument(mask, at_end=True)]


def _cpus(values: Values, call: Call, data: bytes) -> str:
    return "[" + " ".join(str(number) for number in range(8 * len(data)) if data[number // 8] >> number % 8 & 1) + "]"


def _affinity(is_set: bool):
    def arguments(values: Values, call: Call) -> list[Argument]:
        def cpus() -> str:
            if not is_set and not call.is_done:
                raise NotYet
            size = call.words[1] if is_set else call.result
            data = (call.read if is_set else call.written).get(call.words[2], min(size, 128)) if size > 0 else b""
            return _cpus(values, call, data) if data else values.missing(call, call.words[2])
        return [*values.plain(call)[:2], Argument(cpus, at_end=not is_set)]
    return arguments


_REBOOT_MAGICS = {0xfee1dead: "LINUX_REBOOT_MAGIC1", 672274793: "LINUX_REBOOT_MAGIC2", 85072278: "LINUX_REBOOT_MAGIC2A",
                  369367448: "LINUX_REBOOT_MAGIC2B", 537993216: "LINUX_REBOOT_MAGIC2C"}
_REBOOT_COMMANDS = {0: "CAD_OFF", 0x01234567: "RESTART", 0xcdef0123: "HALT", 0x89abcdef: "CAD_ON", 0x4321fedc: "POWER_OFF",
                    0xa1b2c3d4: "RESTART2", 0xd000fce2: "SW_SUSPEND", 0x45584543: "KEXEC"}


def _reboot(values: Values, call: Call) -> list[Argument]:
    first, second, command = (word & 0xffffffff for word in call.words[:3])
    shown = [_REBOOT_MAGICS.get(word) or f"{word:#x} /* LINUX_REBOOT_MAGIC_??? */" for word in (first, second)]
    known = _REBOOT_COMMANDS.get(command)
    return [*map(constant, shown), constant(f"LINUX_REBOOT_CMD_{known}" if known else f"{command:#x} /* LINUX_REBOOT_CMD_??? */")]


def _capability(values: Values, call: Call) -> list[Argument]:
    header = Argument(lambda: values.element(call, call.read, call.words[0], call.description["arguments"][0]["element"])
                      or values.missing(call, call.words[0]))
    memory = call.written if call.name == "capget" else call.read

    def sets() -> str:
        if call.name == "capget" and not call.is_done:
            raise NotYet
        data = memory.get(call.words[1], 24)
        if len(data) < 12:
            return values.missing(call, call.words[1])
        words = struct.unpack(f"<{len(data) // 12 * 3}I", data[:len(data) // 12 * 12])
        low, high = words[:3], words[3:] or (0, 0, 0)
        parts = (f"{name}={low[at] | high[at] << 32:#x}" for at, name in enumerate(("effective", "permitted", "inheritable")))
        return "{" + ", ".join(parts) + "}"
    return [header, Argument(sets, at_end=call.name == "capget")]


def _time_result(values: Values, call: Call) -> str:
    return f"{call.result} ({structures.moment(call.result)})"


def _prctl_result(values: Values, call: Call) -> str:
    if call.words[0] & 0xffffffff == 3 and 0 <= call.result <= 2:  # PR_GET_DUMPABLE
        return f"{call.result} (SUID_DUMP_{('DISABLE', 'USER', 'ROOT')[call.result]})"
    return values.described_result(call, call.description["result"])


def _statx(values: Values, call: Call) -> list[Argument]:
    all_of_them = values.plain(call)
    flags = call.words[2]
    shown = values.flags(flags & ~0x6000 & 0xffffffff, call.description["arguments"][2])
    sync = {0: "AT_STATX_SYNC_AS_STAT", 0x2000: "AT_STATX_FORCE_SYNC", 0x4000: "AT_STATX_DONT_SYNC"}.get(flags & 0x6000, "0x6000")
    all_of_them[2] = constant(sync if shown == "0" else f"{sync}|{shown}")
    return all_of_them


def _rseq(values: Values, call: Call) -> list[Argument]:
    address, size, flags, signature = call.words[:4]
    return [constant(text) for text in (hexadecimal(address), f"{size & 0xffffffff:#x}",
                                        "RSEQ_FLAG_UNREGISTER" if flags & 0xffffffff == 1 else hexadecimal(flags & 0xffffffff, null="0"),
                                        f"{signature & 0xffffffff:#x}")]


# By the call's name: what replaces its arguments.
ARGUMENTS = {
    **processes.ARGUMENTS, **waiting.ARGUMENTS,
    "open": _open(1), "openat": _open(2), "mknod": _mknod(1), "mknodat": _mknod(2), "faccessat": _leading(3), "fchmodat": _leading(3),
    "getcwd": _getcwd, "getdents64": _getdents64, "getrandom": _getrandom, "mmap": _mmap, "mremap": _mremap,
    "rt_sigreturn": _rt_sigreturn, "sched_setaffinity": _affinity(True), "sched_getaffinity": _affinity(False), "reboot": _reboot,
    "capget": _capability, "capset": _capability, "statx": _statx, "rseq": _rseq,
}
RESULTS = {**waiting.RESULTS, "time": _time_result, "prctl": _prctl_result,
           "brk": lambda values, call: hexadecimal(call.result & (1 << 64) - 1, null="0"),
           "getpriority": lambda values, call: str(call.result)}
