"""Boots a kernel with tests in QEMU and collects what each of them printed (the protocol is described in driver.c)."""

from __future__ import annotations

import base64
import binascii
import os
import select
import subprocess
import sys
import tempfile

import image
import programs

sys.path.insert(0, os.path.join(programs.ROOT, "tools"))

from exo.machine import counted_machine, qmp  # noqa: E402
from exo.coverage.counters import Collector  # noqa: E402
from exo.machine.race_reports import RaceReports  # noqa: E402
from exo.machine.report_frames import ReportFrames  # noqa: E402

# The command line is the same for both kernels.
COMMAND_LINE = "console=ttyS0 quiet panic=-1"
MACHINES = counted_machine.BOARDS
MEMORY_MIB = 256
# Seconds of the host's time without a word from the machine, more than any test needs.
SILENCE_LIMIT = 120


class Result:
    """How one test ended: `exit N`, `signal N`, `timeout`, or that the machine did not survive it."""

    def __init__(self, status: str, output: str, log: str = "") -> None:
        self.status = status
        self.output = output
        self.log = log


def command(kernel: str, machine: str, initramfs: str, control: str = "", cpus: int = 1) -> list[str]:
    """`control`: a machine that ends waits until its memory has been looked at, by this socket."""
    end = tuple(qmp.options(control)) if control else counted_machine.ENDS
    return [*counted_machine.command(MACHINES[machine], MEMORY_MIB, may_use_kvm=True, end=end, cpus=cpus),
            "-kernel", kernel, "-initrd", initramfs, "-append", COMMAND_LINE]


class Frames(ReportFrames):
    """The results by the tests' names."""

    def __init__(self) -> None:
        super().__init__()
        self.results: dict[str, Result] = {}
        self.notes: list[str] = []
        self.races = RaceReports()

    def take(self, line: str) -> None:
        if not self.races.take(line):
            super().take(line)

    def take_other(self, kind: str, rest: str) -> bool:
        if kind != "@@NOTE":
            return False
        self.notes.append(f"{rest} (around {self.running})")
        return True

    def end(self, rest: str) -> None:
        try:
            name, status, length, crc = rest.rsplit(" ", 2)[0].split(" ", 1) + rest.rsplit(" ", 2)[1:]
            data = b"".join(base64.b64decode(line, validate=True) for line in self.data)
            is_whole = len(data) == int(length) and binascii.crc32(data) == int(crc, 16) and name == self.running
        except ValueError:
            name, status, data, is_whole = self.running or "", "", b"", False
        if not is_whole:
            status, data = "a frame that the console damaged", b""
        if name:
            self.results[name] = Result(status, data.decode("utf-8", "backslashreplace"))


def boot(kernel: str, machine: str, tests: list[programs.Test], collector: Collector | None = None, cpus: int = 1) -> Frames:
    """Runs the tests until all have run or the machine ends or falls silent.

    `collector` gets what a kernel of the preset `coverage` has counted by then.
    """
    frames = Frames()
    with tempfile.TemporaryDirectory(prefix="exo-tests-") as folder:
        initramfs, control = os.path.join(folder, "initramfs"), os.path.join(folder, "qmp") if collector else ""
        with open(initramfs, "wb") as file:
            file.write(image.make(tests, cpus))
        process = subprocess.Popen(command(kernel, machine, initramfs, control, cpus), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            if collector is None:
                end = _listen(process, frames, None)
            else:
                with qmp.Monitor(control) as monitor:
                    end = _listen(process, frames, monitor)
                    monitor.save_memory(collector.image.physical_address, collector.image.size, collector.new_path())
        finally:
            process.kill()
            process.wait()
    if not frames.is_done:
        name = frames.running or next((test.name for test in tests if test.name not in frames.results), "")
        frames.results[name] = Result(end, "", frames.log_tail())
    return frames


def _listen(process: subprocess.Popen, frames: Frames, monitor: qmp.Monitor | None) -> str:
    """Until QEMU ends, or, with a monitor, until the machine in it does."""
    rest = b""
    sources = [process.stdout] + ([monitor] if monitor else [])
    while True:
        ready, _, _ = select.select(sources, [], [], SILENCE_LIMIT)
        if not ready:
            return f"the machine hangs: {SILENCE_LIMIT} s without a word"
        if process.stdout not in ready:  # all that it said has been read
            monitor.take()
            if monitor.has_ended:
                return "the machine ended"
            continue
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return f"the machine ended: QEMU's exit status {process.wait()}"
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            frames.take(line.rstrip(b"\r").decode("utf-8", "replace"))


def run_all(kernel: str, machine: str, tests: list[programs.Test], on_result, collector: Collector | None = None,
            cpus: int = 1) -> list[str]:
    """Boots as often as it takes to have a result of each test; `on_result(test, result)` hears of each.

    Returns the driver's own complaints: what it could not do around the tests, which no result shows.
    """
    notes: list[str] = []
    waiting = list(tests)
    while waiting:
        frames = boot(kernel, machine, waiting, collector, cpus)
        notes += frames.notes + [f"KCSAN: {report}" for report in frames.races.all()]
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
