"""Programs on the shipped image (tests/kernel/programs/): what they do to the machine, and what is left of them.

One static program is /init and all tests. Tests of one family share a boot, as many as are quick enough together.
"""

from __future__ import annotations

import machine
from build import Built
from protocol import Outcome, Transcript, run_all

# Run once more on the debug kernel, with memory for thousands of processes and with the watchdog: no stay in the kernel may be as long as
# one that visits each of them. 2 ms are half a million instructions of the debug kernel, some 100,000 of the release kernel.
CROWDED = ("many_processes", "many_threads")
CROWDED_MEMORY_MIB = 512
LONGEST_STAY_NS = 2_000_000
# Run once more on the release kernel, on so many CPUs.
ON_SEVERAL_CPUS = ("storm", "registers_of_threads")
SEVERAL_CPUS = 4
# How often ON_SEVERAL_CPUS do what they do (count_of in programs/test.h): in each run, with --cpus, and with --long on SEVERAL_CPUS and one of
# the machines.
FEW_COUNTS = "storm_rounds=20"
COUNTS = "storm_rounds=100 switches=20000"
LONG_COUNTS = "storm_rounds=5000 switches=1000000"
# Of each CPU: seconds of processor time for the long counts.
LONG_LIMIT = 1800
# So many tests a boot: the two that run at a time end at about the same time.
TESTS_A_BOOT = 14


def _boot(built: Built, preset: str, where: str, what: str, cpus: int, is_long: bool) -> machine.Run:
    is_long = is_long and cpus == SEVERAL_CPUS and where == "microvm"
    words = LONG_COUNTS if is_long else COUNTS if cpus > 1 else ""
    return machine.boot_kernel(built.image(preset), where, f"console=ttyS0 kernel_test={what} {words}", built.programs, cpus=cpus,
                               limit=LONG_LIMIT if is_long else machine.TIME_LIMIT)


def _run_on_several_cpus(built: Built, place: str, where: str, names: list[str]) -> list[Outcome]:
    transcript = Transcript(machine.boot_kernel(built.image("release"), where, f"console=ttyS0 kernel_test={','.join(names)} {FEW_COUNTS}",
                                                built.programs, cpus=SEVERAL_CPUS))
    outcomes = [transcript.outcome(place, name) for name in names]
    for outcome in outcomes:
        outcome.name += f"_on_{SEVERAL_CPUS}_cpus"
    return outcomes


def _run_crowded(built: Built, place: str, where: str, name: str) -> Outcome:
    run = machine.boot_kernel(built.image("debug"), where,
                              f"console=ttyS0 kernel_test={name} preempt_watchdog={LONGEST_STAY_NS}", built.programs,
                              memory=CROWDED_MEMORY_MIB)
    outcome = Transcript(run).outcome(place, name)
    reports = [line for line in run.lines if "watchdog: " in line]
    if reports:
        outcome.problem += "\n".join("  " + line for line in reports)
    outcome.name += "_crowded"
    return outcome


def add(suite, built: Built, preset: str, where: str) -> None:
    place = f"{preset}/{where}"
    transcript = Transcript(_boot(built, preset, where, "list", suite.cpus, False))
    if not transcript.is_done or not transcript.listed:
        raise RuntimeError(f"the programs do not list their tests: {transcript.run.end}\n{transcript.run.tail()}")
    names = [name for name, _ in transcript.listed if suite.wants(place, name)]
    # The watchdog measures by the machine's clock, which is the host's with several CPUs.
    if preset == "debug" and where == "microvm" and suite.cpus == 1:
        for name in CROWDED:
            if suite.wants(place, name + "_crowded"):
                suite.add(_run_crowded, built, place, where, name)
    if preset == "release" and where == "microvm" and suite.cpus == 1:
        several = [name for name in ON_SEVERAL_CPUS if suite.wants(place, f"{name}_on_{SEVERAL_CPUS}_cpus")]
        if several:
            suite.add(_run_on_several_cpus, built, place, where, several)
    for first in range(0, len(names), TESTS_A_BOOT):
        suite.add(run_all, place, names[first:first + TESTS_A_BOOT],
                  lambda some: _boot(built, preset, where, ",".join(some), suite.cpus, suite.is_long))
