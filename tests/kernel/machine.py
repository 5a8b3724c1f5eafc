"""Boots a kernel in QEMU and waits for its end, for a bounded time."""

from __future__ import annotations

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MACHINES = {"microvm": "microvm,acpi=off", "q35": "q35"}
PRESETS = ("release", "debug")
# Time is counted in instructions, 4 ns each: how busy the host is cannot make a test fail.
CLOCK = ("-icount", "shift=2,sleep=off", "-rtc", "base=2024-01-01T00:00:00,clock=vm")
MEMORY_MIB = 96
# Seconds of the host's time; a boot takes a fraction of one.
TIME_LIMIT = 30
SHOWN_LINES = 40

# QEMU's exit status is 2 * code + 1 of what the kernel writes to the debug-exit port.
EXIT_NORMAL = 33
EXIT_PANIC = 35


class Run:
    """How a machine ended: QEMU's exit status (None: it had to be killed) and the lines of its serial console."""

    def __init__(self, status: int | None, output: bytes) -> None:
        self.status = status
        self.lines = [line.rstrip("\r") for line in output.decode("utf-8", "replace").split("\n")]

    @property
    def end(self) -> str:
        if self.status is None:
            return f"it was killed after {TIME_LIMIT} s"
        return f"QEMU's exit status {self.status}"

    def tail(self) -> str:
        shown = [line for line in self.lines if line.strip()][-SHOWN_LINES:]
        return "\n".join("    | " + line for line in shown)


def boot(machine: str, arguments: list[str], *, memory: int = MEMORY_MIB, limit: float = TIME_LIMIT,
         clock: tuple[str, ...] = CLOCK) -> Run:
    """Runs QEMU with the arguments that say what is booted."""
    command = ["qemu-system-x86_64", "-M", MACHINES[machine], "-m", str(memory), "-smp", "1", "-nodefaults",
               "-no-user-config", "-cpu", "max,-la57", "-accel", "tcg,thread=single", *clock, "-seed", "1",
               "-display", "none", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
               "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=limit, check=False)
        return Run(done.returncode, done.stdout)
    except subprocess.TimeoutExpired as expired:
        return Run(None, expired.output or b"")


def boot_kernel(kernel: str, machine: str, command_line: str, initramfs: str, **options) -> Run:
    return boot(machine, ["-kernel", kernel, "-initrd", initramfs, "-append", command_line], **options)
