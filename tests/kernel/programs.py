"""Programs on the shipped image (tests/kernel/programs/): what they do to the machine, and what is left of them.

One static program is /init and all tests. Tests of one family share a boot, as many as are quick enough together.
"""

from __future__ import annotations

import machine
from build import Built
from protocol import Transcript, run_all

# So many tests a boot: the two that run at a time end at about the same time.
TESTS_A_BOOT = 14


def _boot(built: Built, preset: str, where: str, what: str) -> machine.Run:
    return machine.boot_kernel(built.image(preset), where, f"console=ttyS0 kernel_test={what}", built.programs)


def add(suite, built: Built, preset: str, where: str) -> None:
    place = f"{preset}/{where}"
    transcript = Transcript(_boot(built, preset, where, "list"))
    if not transcript.is_done or not transcript.listed:
        raise RuntimeError(f"the programs do not list their tests: {transcript.run.end}\n{transcript.run.tail()}")
    names = [name for name, _ in transcript.listed if suite.wants(place, name)]
    for first in range(0, len(names), TESTS_A_BOOT):
        suite.add(run_all, place, names[first:first + TESTS_A_BOOT],
                  lambda some: _boot(built, preset, where, ",".join(some)))
