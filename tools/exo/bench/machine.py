"""The machine in which instructions are counted: two runs of the same files are the same to the last instruction."""

from __future__ import annotations

import os
import re
import select
import tempfile
import time
from typing import Callable

from .. import packages, process
from ..errors import ExoError
from ..machine import counted_machine, qemu

MEMORY_MIB = 512
COUNTED = ("-icount", "shift=0,sleep=off")
WORDS = "console=ttyS0 quiet nokaslr norandmaps mitigations=off panic=-1"
SILENCE_LIMIT = 120.0  # seconds of the host's time
POLL = 0.05


class RunFailed(ExoError):
    """The machine did not get to its end. `log`: what it said before."""

    def __init__(self, message: str, log: str) -> None:
        super().__init__(message)
        self.log = log


def command(kernel: str, initramfs: str, serial: str, words: str, extra: list[str], board: str = "q35",
            clock: tuple[str, ...] = COUNTED, cpus: int = 1) -> list[str]:
    """QEMU's. `serial`: the back end of the serial port. Without COUNTED as the clock, or with several `cpus`, the machine runs in
    real time."""
    return [*counted_machine.command(qemu.MACHINE_FLAGS[board], MEMORY_MIB, cpu=counted_machine.CPU_WITHOUT_BYTE_COPIES,
                                     clock=(*clock, *counted_machine.DATE), console=("-serial", serial), cpus=cpus),
            "-kernel", kernel, "-initrd", initramfs, "-append", f"{WORDS} {words}".strip(), *extra]


def boot(kernel: str, image: bytes, words: str, what: str, extra: list[str] | None = None, board: str = "q35") -> str:
    """Runs the machine to its end and returns what came out of its serial port. `what` names the kernel in messages.

    Errors: RunFailed when it falls silent or QEMU fails.
    """
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        initramfs, log = os.path.join(folder, "initramfs"), os.path.join(folder, "log")
        with open(initramfs, "wb") as file:
            file.write(image)
        return run(command(kernel, initramfs, f"file:{log}", words, extra or [], board), log, what)


def run(arguments: list[str], log: str, what: str, is_over: Callable[[str], bool] | None = None,
        limit: float = SILENCE_LIMIT) -> str:
    """Runs QEMU until it ends, or `is_over` says so of its log."""
    emulator = qemu.Process(arguments, [])
    try:
        _wait(emulator, log, what, is_over, limit)
        is_done = bool(is_over and is_over(read(log)))
        status = emulator.stop() if is_done else emulator.wait()
        messages = emulator.messages()
    finally:
        emulator.stop()
    text = read(log)
    if not is_done and messages and not text:
        raise RunFailed(f"{what} did not start: QEMU says: {messages.splitlines()[-1]}", text)
    if not is_done and (status < 0 or status == 1):
        raise RunFailed(f"{what}: QEMU ended with status {status}{last_words(messages)}", text)
    return text


def _wait(emulator: qemu.Process, log: str, what: str, is_over: Callable[[str], bool] | None, limit: float) -> None:
    seen, since = -1, time.monotonic()
    while not select.select([emulator.exit_fd], [], [], POLL)[0]:
        size = os.path.getsize(log) if os.path.exists(log) else 0
        if size != seen:
            seen, since = size, time.monotonic()
            if is_over and is_over(read(log)):
                return
        elif time.monotonic() - since > limit:
            text = read(log)
            raise RunFailed(f"{what} hangs: {limit:.0f} s without a word{last_words(text)}", text)


def read(log: str) -> str:
    try:
        with open(log, "rb") as file:
            return file.read().decode("utf-8", "replace").replace("\r", "")
    except OSError:
        return ""


def read_until(fd: int, wanted: bytes, limit: float) -> bytes:
    """What comes out of a pipe until it contains `wanted`, ends, or is silent for `limit` seconds."""
    said = b""
    while wanted not in said and select.select([fd], [], [], limit)[0]:
        chunk = os.read(fd, 4096)
        if not chunk:
            break
        said += chunk
    return said


def last_words(text: str) -> str:
    """For the end of a message: the last line that a machine said."""
    lines = [line for line in text.splitlines() if line.strip()]
    return f"; its last words: {lines[-1].strip()[:160]}" if lines else ""


def qemu_version() -> str:
    """QEMU's version with that of Debian's package, like `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`."""
    status, text = process.capture([qemu.PROGRAM, "--version"])
    found = re.search(r"version (.+)", text)
    if status != 0 or found is None:
        raise ExoError(f"{qemu.PROGRAM} --version fails (Debian's package {packages.QEMU.name})")
    return found[1].strip()
