"""Boots a kernel with tests in QEMU and collects what each of them printed (the protocol is described in driver.c)."""

from __future__ import annotations

import base64
import binascii
import os
import select
import subprocess
import tempfile

import image
import programs

# The command line is the same for both kernels.
COMMAND_LINE = "console=ttyS0 quiet panic=-1"
MACHINES = {"q35": "q35", "microvm": "microvm,acpi=off"}
MEMORY_MIB = 256
# Waits pass at once and time is counted in instructions, 4 ns each: how busy the host is cannot make a test fail.
CLOCK = ["-icount", "shift=2,sleep=off", "-rtc", "base=2024-01-01T00:00:00,clock=vm"]
# Seconds of the host's time without a word from the machine, more than any test needs.
SILENCE_LIMIT = 120
LOG_LINES = 40


class Result:
    """How one test ended: `exit N`, `signal N`, `timeout`, or that the machine did not survive it."""

    def __init__(self, status: str, output: str, log: str = "") -> None:
        self.status = status
        self.output = output
        self.log = log


def command(kernel: str, machine: str, initramfs: str) -> list[str]:
    return ["qemu-system-x86_64", "-M", MACHINES[machine], "-m", str(MEMORY_MIB), "-smp", "1", "-nodefaults",
            "-no-user-config", "-cpu", "max,-la57", "-accel", "tcg,thread=single", *CLOCK, "-seed", "1",
            "-display", "none", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", kernel, "-initrd", initramfs,
            "-append", COMMAND_LINE]


class Frames:
    """Takes the lines of the console apart."""

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.running: str | None = None
        self.is_done = False
        self.notes: list[str] = []
        self._log: list[str] = []
        self._data: list[str] = []

    def log_tail(self) -> str:
        return "\n".join(self._log[-LOG_LINES:])

    def take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind == "@@RUN":
            self.running, self._data = rest, []
        elif kind == "@@DATA":
            self._data.append(rest)
        elif kind == "@@END":
            self._end(rest)
        elif kind == "@@NOTE":
            self.notes.append(f"{rest} (around {self.running})")
        elif kind == "@@DONE":
            self.is_done = True
        elif line.strip():
            self._log.append(line)

    def _end(self, rest: str) -> None:
        try:
            name, status, length, crc = rest.rsplit(" ", 2)[0].split(" ", 1) + rest.rsplit(" ", 2)[1:]
            data = b"".join(base64.b64decode(line, validate=True) for line in self._data)
            is_whole = len(data) == int(length) and binascii.crc32(data) == int(crc, 16) and name == self.running
        except ValueError:
            name, status, data, is_whole = self.running or "", "", b"", False
        if not is_whole:
            status, data = "a frame that the console damaged", b""
        if name:
            self.results[name] = Result(status, data.decode("utf-8", "backslashreplace"))
        self.running = None


def boot(kernel: str, machine: str, tests: list[programs.Test]) -> Frames:
    """Runs the tests until all have run or the machine ends or falls silent."""
    frames = Frames()
    with tempfile.NamedTemporaryFile(prefix="exo-tests-", suffix=".cpio") as initramfs:
        initramfs.write(image.make(tests))
        initramfs.flush()
        process = subprocess.Popen(command(kernel, machine, initramfs.name), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            end = _listen(process, frames)
        finally:
            process.kill()
            process.wait()
    if not frames.is_done:
        name = frames.running or next((test.name for test in tests if test.name not in frames.results), "")
        frames.results[name] = Result(end, "", frames.log_tail())
    return frames


def _listen(process: subprocess.Popen, frames: Frames) -> str:
    rest = b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], SILENCE_LIMIT)
        if not ready:
            return f"the machine hangs: {SILENCE_LIMIT} s without a word"
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return f"the machine ended: QEMU's exit status {process.wait()}"
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            frames.take(line.rstrip(b"\r").decode("utf-8", "replace"))


def run_all(kernel: str, machine: str, tests: list[programs.Test], on_result) -> list[str]:
    """Boots as often as it takes to have a result of each test; `on_result(test, result)` hears of each.

    Returns the driver's own complaints: what it could not do around the tests, which no result shows.
    """
    notes: list[str] = []
    waiting = list(tests)
    while waiting:
        frames = boot(kernel, machine, waiting)
        notes += frames.notes
        left = []
        for test in waiting:
            result = frames.results.get(test.name)
            if result is None:
                left.append(test)
            else:
                on_result(test, result)
        if len(left) == len(waiting):
            break
        waiting = left
    return notes
