"""Boots a kernel in QEMU and waits for its end, for a bounded time."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))

from exo.machine import counted_machine  # noqa: E402
from exo.text import plain  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MACHINES = counted_machine.BOARDS
PRESETS = ("release", "debug")
# Only for its own tests (kcsan_tests.cpp), on so many CPUs.
RACES = "kcsan"
RACES_CPUS = 2
MEMORY_MIB = 96
# Seconds of processor time that QEMU may use; a boot takes a fraction of one, and a boot with all its tests half a minute on the
# debug kernel. The clock on the wall is asked only about a machine that does nothing: how much of a processor QEMU gets on a busy
# host is no fault of the kernel. Both are for each CPU.
TIME_LIMIT = 120
STANDSTILL_LIMIT = 600
LOOK_SECONDS = 0.2
SHOWN_LINES = 40

# QEMU's exit status is 2 * code + 1 of what the kernel writes to the debug-exit port.
EXIT_NORMAL = 33
EXIT_PANIC = 35


def presets_for(pattern: str) -> tuple[str, ...]:
    """What a pattern needs built."""
    if pattern.startswith(RACES):
        return (RACES,)
    first, slash, _ = pattern.partition("/")
    return (first,) if slash and first in PRESETS else PRESETS


class Run:
    """How a machine ended: QEMU's exit status (None: it had to be killed) and the lines of its serial console."""

    def __init__(self, status: int | None, output: bytes, limits: str = "") -> None:
        self.status = status
        self._limits = limits
        self.lines = [line.rstrip("\r") for line in output.decode("utf-8", "replace").split("\n")]

    @property
    def end(self) -> str:
        if self.status is None:
            return f"it was killed after {self._limits}"
        return f"QEMU's exit status {self.status}"

    def tail(self) -> str:
        shown = [line for line in map(plain, self.lines) if line.strip()][-SHOWN_LINES:]
        return "\n".join("    | " + line for line in shown)


def boot(machine: str, arguments: list[str], *, memory: int = MEMORY_MIB, limit: float = TIME_LIMIT,
         clock: tuple[str, ...] = counted_machine.COUNTED, has_exit_device: bool = True, cpus: int = 1) -> Run:
    """Runs QEMU with the arguments that say what is booted. `limit`: seconds of processor time for each CPU."""
    processor_limit, standstill_limit = limit * cpus, STANDSTILL_LIMIT * cpus
    end = counted_machine.ENDS if has_exit_device else ("-no-reboot",)
    command = counted_machine.command(MACHINES[machine], memory, clock=clock, may_use_kvm=True, end=end, cpus=cpus) + arguments
    with tempfile.TemporaryFile() as output, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT) as process:
        started = time.monotonic()
        has_ended = _wait_for_end(process.pid, LOOK_SECONDS)
        while not has_ended and processor_seconds(process.pid) < processor_limit and time.monotonic() - started < standstill_limit:
            has_ended = _wait_for_end(process.pid, LOOK_SECONDS)
        if not has_ended:
            process.kill()
        status = process.wait()
        output.seek(0)
        return Run(status if has_ended else None, output.read(),
                   f"{processor_limit:.0f} s of processor time, or {standstill_limit} s on the clock")


def _wait_for_end(pid: int, seconds: float) -> bool:
    end = os.pidfd_open(pid)
    try:
        return bool(select.select([end], [], [], seconds)[0])
    finally:
        os.close(end)


def processor_seconds(pid: int) -> float:
    """How long a process has run on a processor, in all its threads (proc(5), /proc/PID/stat: utime and stime)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def boot_kernel(kernel: str, machine: str, command_line: str, initramfs: str, **options) -> Run:
    return boot(machine, ["-kernel", kernel, "-initrd", initramfs, "-append", command_line], **options)
