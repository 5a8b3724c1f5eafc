"""One machine from its start to its exit status."""

from __future__ import annotations

import os
import sys

from ..archive import rootfs
from ..errors import STATUS_FAILED, STATUS_NOT_FOUND, complain
from ..machine import qemu
from .request import STREAMS, Request

LAST_LOG_LINES = 12
# How an orderly end looks: the kernel wrote 0x10 to isa-debug-exit (QEMU makes 2 x + 1 of it), or it ended the machine
# in another way and its log says so as Linux's does ("reboot: Power down").
QEMU_STATUS_POWER_OFF = 33
REBOOT_WORDS = "reboot: "
PANIC_WORDS = "kernel panic"


class Settings:
    """What `./exo run` and `./exo debug` have decided before a machine starts."""

    __slots__ = ("kernel", "image", "memory", "cpus", "machine", "words", "timeout", "stop_timeout", "kill_keys", "accelerator",
                 "kernel_log", "verbose", "gdb_socket", "result", "network")

    def __init__(self, **values) -> None:
        for name in self.__slots__:
            setattr(self, name, values[name])


def run(settings: Settings, request: Request, tracer=None) -> int:
    """Runs the request's program in a new machine, with our standard streams as its own; its exit status. `tracer`: trace/tracer.py."""
    initramfs = request.initramfs(settings.image, lambda size: rootfs.check_fits(size, settings.memory << 20))
    log = qemu.open_log(settings.kernel_log)
    words = f"{tracer.KERNEL_WORD} {settings.words}" if tracer else settings.words
    machine = qemu.Machine(settings.kernel, initramfs, settings.memory, log, settings.machine, words, settings.gdb_socket,
                           settings.accelerator, settings.cpus)
    ours, theirs = _connect(machine, request.terminals, tracer)
    if settings.network:
        settings.network.settle()
        machine.network = settings.network
    if settings.verbose:
        _show(machine.command())
    report = None
    if settings.result:
        from .result import Report
        report = Report(settings.result, settings.memory)
    process = machine.start()
    try:
        from . import relay  # while QEMU starts
        console_peer = os.dup(machine.console) if machine.console is not None else -1
        for end in theirs:
            end.close()
        os.close(initramfs)
        if settings.network:
            settings.network.close()
        session = relay.Relay(process, ours, console_peer, request, settings, tracer)
        session.run()
    finally:
        qemu_status = process.stop()
        if settings.network:
            settings.network.stop()
    _tell_what_was_killed(qemu.read_log(log), settings.memory)
    status = _conclude(session, process, qemu_status, log, request)
    if report:
        text = qemu.read_log(log)
        report.write(status, session, process.usage, killed_for_memory(text), bool(panic_report(text)))
    return status


def _connect(machine: qemu.Machine, terminals: list[bool], tracer) -> tuple[dict, list]:
    """A pair of sockets for each port; ours by name, and theirs to close after the start."""
    # The C part of the module socket: the rest of it takes 10 ms to import, before QEMU can start.
    import _socket
    ours, theirs = {}, []
    names = ["control", *(name for name, is_tty in zip(STREAMS, terminals) if not is_tty)]
    if any(terminals):
        names.append("console")
    if tracer:
        names.append(tracer.PORT)
    for name in names:
        ours[name], end = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        theirs.append(end)
        if name == "console":
            machine.console = end.fileno()
        else:
            machine.ports[name] = end.fileno()
    return ours, theirs


NO_MEMORY = "cannot set up guest memory"
MEMORY_WORDS = "out of memory: killed process "
MOST_KILLED = 3


def _show(command: list[str]) -> None:
    words = (word if word and all(c.isalnum() or c in "-_=/.,:+" for c in word) else f"'{word}'" for word in command)
    print("exo: " + " ".join(words), file=sys.stderr)


def _conclude(session, process: qemu.Process, qemu_status: int, log: int, request: Request) -> int:
    """The exit status, with the one line (or the kernel's report) that a failure of ours deserves."""
    outcome = session.outcome
    for line in session.lost:
        complain(line)
    if session.status is not None:
        if session.reason:
            if session.leaves_line_open:
                print(file=sys.stderr)
            complain(session.reason)
        return session.status
    is_orderly = qemu_status <= 0 or qemu_status == QEMU_STATUS_POWER_OFF
    if outcome.status is not None and (is_orderly or not panic_report(qemu.read_log(log))):
        if outcome.message:
            complain(outcome.message + _hint(outcome, request))
        return STATUS_FAILED if session.lost else outcome.status
    return _explain_sudden_end(outcome.started, process, qemu_status, log)


def _tell_what_was_killed(text: str, memory: int) -> None:
    """A line for each program that the kernel has ended for want of memory, a few of them at most."""
    for name in dict.fromkeys([name for _, name in killed_for_memory(text)[:MOST_KILLED]]):
        complain(f"out of memory: {name} was killed; try -m {2 * memory}")


def killed_for_memory(text: str) -> list[tuple[int, str]]:
    """The processes that the kernel's log says it ended for want of memory: numbers and names."""
    places = [line.split(MEMORY_WORDS, 1)[1] for line in text.split("\n") if MEMORY_WORDS in line]
    words = [place.partition(" (") for place in places]
    return [(int(number), name.rpartition(")")[0]) for number, _, name in words if number.isdigit()]


def _hint(outcome, request: Request) -> str:
    """What may help where the program was not found."""
    if outcome.status != STATUS_NOT_FOUND:
        return ""
    from . import hints
    return hints.for_missing_program(request, outcome.message)


def _explain_sudden_end(started: bool, process: qemu.Process, qemu_status: int, log: int) -> int:
    """The machine ended, and init has not said why: a panic, a failure of QEMU, or the program's own reboot(2)."""
    text = qemu.read_log(log).replace("\r\n", "\n")
    report = panic_report(text)
    last = text.rstrip("\n").split("\n")[-LAST_LOG_LINES:]
    if report:
        print(report, file=sys.stderr)
        complain("the kernel panicked")
    elif process.messages():
        message = process.messages().removeprefix(f"{qemu.PROGRAM}: ")
        hint = "; try a smaller --memory" if message.startswith(NO_MEMORY) else ""
        complain(f"QEMU: {message}{hint}")
    elif started and (qemu_status == QEMU_STATUS_POWER_OFF or any(REBOOT_WORDS in line for line in last)):
        return 0
    else:
        if last != [""]:
            print("\n".join(last), file=sys.stderr)
        complain(f"the machine ended before the program did (QEMU's exit status {qemu_status})")
    return STATUS_FAILED


def panic_report(text: str) -> str:
    """What the kernel's log says from its panic on, or "" if there was none."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if PANIC_WORDS in line.lower():
            return "\n".join(lines[number:]).rstrip()
    return ""
