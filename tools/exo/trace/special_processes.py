"""Calls that make, wait for and replace processes, in strace's form."""

from __future__ import annotations

import struct

from . import names, structures
from .text_of import hexadecimal
from .values import Argument, Call, NotYet, Values, constant

CLONE_PARENT_SETTID, CLONE_PIDFD, CLONE_SETTLS, CLONE_CHILD_TID = 0x100000, 0x1000, 0x80000, 0x200000 | 0x1000000


def _clone_flags(values: Values, call: Call, word: int) -> str:
    description = call.description["arguments"][0]
    if description["kind"] != "flags":
        return hexadecimal(word, null="0")
    return values.flags(word, description)


def _clone(values: Values, call: Call) -> list[Argument]:
    flags, stack, parent, child, tls = call.words[:5]
    shown = [f"child_stack={hexadecimal(stack)}", f"flags={_clone_flags(values, call, flags)}"]
    result = [constant(text) for text in shown]
    if flags & (CLONE_PARENT_SETTID | CLONE_PIDFD):
        def parent_tid() -> str:
            if not call.is_done:
                raise NotYet
            data = call.written.get(parent, 4)
            return "parent_tid=" + (f"[{int.from_bytes(data, 'little')}]" if len(data) == 4 else hexadecimal(parent))
        result.append(Argument(parent_tid, at_end=True))
    if flags & CLONE_SETTLS:
        result.append(constant(f"tls={hexadecimal(tls)}"))
    if flags & CLONE_CHILD_TID:
        result.append(constant(f"child_tidptr={hexadecimal(child)}"))
    return result


def clone3_flags(flags: int) -> str:
    shown = structures.bits(flags & ~0xff, tuple((bit, f"CLONE_{name}") for bit, name in (
        (0x80, "NEWTIME"), (0x100, "VM"), (0x200, "FS"), (0x400, "FILES"), (0x800, "SIGHAND"), (0x1000, "PIDFD"), (0x2000, "PTRACE"),
        (0x4000, "VFORK"), (0x8000, "PARENT"), (0x10000, "THREAD"), (0x20000, "NEWNS"), (0x40000, "SYSVSEM"), (0x80000, "SETTLS"),
        (0x100000, "PARENT_SETTID"), (0x200000, "CHILD_CLEARTID"), (0x400000, "DETACHED"), (0x800000, "UNTRACED"),
        (0x1000000, "CHILD_SETTID"), (0x2000000, "NEWCGROUP"), (0x4000000, "NEWUTS"), (0x8000000, "NEWIPC"), (0x10000000, "NEWUSER"),
        (0x20000000, "NEWPID"), (0x40000000, "NEWNET"), (0x80000000, "IO"), (1 << 32, "CLEAR_SIGHAND"), (1 << 33, "INTO_CGROUP"))))
    return shown


def _clone3(values: Values, call: Call) -> list[Argument]:
    address, size = call.words[:2]

    def request() -> str:
        data = call.read.get(address, min(size, 88))
        if len(data) < 64:
            return values.missing(call, address)
        data = data.ljust(88, b"\0")
        flags, pidfd, child, parent, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup = struct.unpack("<11Q", data)
        parts = [f"flags={clone3_flags(flags)}"]
        if flags & CLONE_PIDFD:
            parts.append(f"pidfd={hexadecimal(pidfd)}")
        if flags & CLONE_CHILD_TID:
            parts.append(f"child_tid={hexadecimal(child)}")
        if flags & CLONE_PARENT_SETTID:
            parts.append(f"parent_tid={hexadecimal(parent)}")
        parts += [f"exit_signal={names.signal(exit_signal) if exit_signal else 0}", f"stack={hexadecimal(stack)}",
                  f"stack_size={hexadecimal(stack_size, null='0')}"]
        if flags & CLONE_SETTLS:
            parts.append(f"tls={hexadecimal(tls)}")
        if set_tid or set_tid_size:
            parts.append(f"set_tid={hexadecimal(set_tid)}, set_tid_size={set_tid_size}")
        if flags & 1 << 33:
            parts.append(f"cgroup={cgroup}")
        text = "{" + ", ".join(parts) + "}"
        if call.is_done and not call.has_failed and flags & CLONE_PARENT_SETTID:
            told = call.written.get(parent, 4)
            if len(told) == 4:
                text += f" => {{parent_tid=[{int.from_bytes(told, 'little')}]}}"
        return text
    return [Argument(request, at_end=True), constant(str(size))]


def _environment(values: Values, call: Call, word: int) -> str:
    """Its address and how many variables it has; with -v the variables."""
    if values.is_verbose:
        return values.texts(call, word)
    if word == 0:
        return "NULL"
    pointers = values.pointers(call, word)
    count = 0 if pointers is None else len(pointers)
    is_whole = len(call.read.get(word + 8 * count, 8)) == 8
    if not is_whole and not call.is_done:
        raise NotYet
    if not is_whole and not count:
        return hexadecimal(word)
    return f"{hexadecimal(word)} /* {count}{'' if is_whole else '+'} var{'' if count == 1 else 's'} */"


def _execve(first: int):
    def arguments(values: Values, call: Call) -> list[Argument]:
        all_of_them = values.plain(call)
        all_of_them[first + 2] = Argument(lambda: _environment(values, call, call.words[first + 2]))
        return all_of_them
    return arguments


def _wait4(values: Values, call: Call) -> list[Argument]:
    pid, status, options, usage = values.plain(call)

    def shown_status() -> str:
        if not call.is_done:
            raise NotYet
        return hexadecimal(call.words[1]) if call.has_failed or call.result == 0 else status.show()

    def shown_usage() -> str:
        return hexadecimal(call.words[3]) if call.is_done and call.result == 0 else usage.show()
    return [pid, Argument(shown_status, at_end=call.words[1] != 0), options, Argument(shown_usage, at_end=call.words[3] != 0)]


def _waitid(values: Values, call: Call) -> list[Argument]:
    """The call writes the parts of siginfo_t one by one."""
    which, who, _, options, usage = values.plain(call)

    def info() -> str:
        if not call.is_done:
            raise NotYet
        data = None if call.has_failed else call.written.sparse(call.words[2], 128)
        if data is None:
            return hexadecimal(call.words[2])
        return "{}" if data[:4] == bytes(4) else structures.FORMS["siginfo"](values, data)
    return [which, who, Argument(info, at_end=call.words[2] != 0), options, usage]


ARGUMENTS = {"clone": _clone, "clone3": _clone3, "execve": _execve(0), "execveat": _execve(1), "wait4": _wait4, "waitid": _waitid}
