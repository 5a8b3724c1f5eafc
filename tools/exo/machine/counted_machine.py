"""QEMU's command line for the machines of the suites and benches: one processor, whose instructions are the clock, so that two runs
are the same and no busy host makes a test fail. (`exo run` has a line of its own, qemu.py, for a machine that starts fast.)"""

from __future__ import annotations

import os

from .. import packages
from . import qemu

BOARDS = {"microvm": "microvm,acpi=off", "q35": "q35"}
CPU = "max,-la57"
# QEMU does `rep stosb` byte by byte and counts each; without these features kernels take words. With them Linux takes half as long
# again.
CPU_WITHOUT_BYTE_COPIES = f"{CPU},-erms,-fsrm"
DATE = ("-rtc", "base=2024-01-01T00:00:00,clock=vm")
# 4 ns an instruction; waits pass at once.
COUNTED = ("-icount", "shift=2,sleep=off", *DATE)
CONSOLE = ("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console")
EXIT_DEVICE = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4")
# How a machine ends: QEMU exits.
ENDS = ("-no-reboot", *EXIT_DEVICE)


def is_kvm() -> bool:
    """EXO_ACCEL=kvm (tests/kvm.sh): the host's processor runs the machine, and nothing is counted."""
    return os.environ.get("EXO_ACCEL") == "kvm"


def command(board: str, memory: int, *, cpu: str = CPU, clock: tuple[str, ...] = COUNTED, may_use_kvm: bool = False,
            console: tuple[str, ...] = CONSOLE, end: tuple[str, ...] = ENDS, seed: int = 1, cpus: int = 1) -> list[str]:
    """The line without what is booted. `board`: what -M takes, such as one of BOARDS; `memory`: MiB; `console`: the serial port; `end`: what happens when
    the machine ends (qmp.options: it waits to be looked at); `seed`: of the random numbers that QEMU gives it; `cpus`: with several,
    nothing is counted, because QEMU cannot, and the host's clock is the machine's."""
    if may_use_kvm and is_kvm():
        run = ["-accel", "kvm"]
    elif cpus > 1:
        run = ["-accel", "tcg,thread=multi", *DATE]
    else:
        run = ["-accel", "tcg,thread=single", *clock]
    return [packages.find_program(qemu.PROGRAM) or qemu.PROGRAM, "-M", board, "-m", str(memory), "-smp", str(cpus), "-nodefaults",
            "-no-user-config", "-cpu", cpu, *run, "-seed", str(seed), "-display", "none", *console, *end]
