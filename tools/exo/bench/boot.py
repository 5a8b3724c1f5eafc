"""`./exo bench boot`: what it takes to get to the first program, in instructions, time and memory."""

from __future__ import annotations

import dataclasses
import json
import statistics

from .. import process
from ..machine import qemu
from ..options import Command, Option, parse
from . import footprint, phases, settings

BOOTS = 11

COMMAND = Command("bench boot", "Measures the boot: instructions and time by phase, least memory, sizes of the image.",
                  "[OPTION]…", [Option("--json", "", "print JSON instead of tables"), settings.KERNEL], f"""
Instructions are counted from reset to the first instruction of the first program, with busybox's image, and are the same
every time. Times are medians of {BOOTS} boots under emulation: of phases as a QEMU plugin saw them come, and of the whole from
QEMU's start to the first program's first words. Least memory: with which './exo run' still runs a shell.""")


@dataclasses.dataclass(frozen=True)
class Board:
    name: str
    boot: phases.Boot
    seconds: list[float]  # to the first words


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    settings.check(COMMAND, options)
    kernel = settings.kernel(options)
    sizes = footprint.sizes(kernel)
    boards = []
    for name in qemu.MACHINES:
        process.say(f"booting on {name}")
        boards.append(Board(name, phases.measure(kernel, name, BOOTS),
                            phases.seconds_to_first_words(kernel, name, BOOTS)))
    process.say("looking for the least memory")
    memory = footprint.least_memory(kernel)
    print(json.dumps(_as_json(boards, memory, sizes), indent=1) if options.json else
          "\n\n".join([*map(_table, boards), _rest(memory, sizes)]))
    return 0


def _table(board: Board) -> str:
    all_instructions = sum(phase.instructions for phase in board.boot.phases)
    low, median, high = statistics.quantiles(board.seconds, n=4)
    lines = [f"{board.name:45} {'instructions':>12} {'share':>7} {'ms':>8}  from this function on"]
    for phase in board.boot.phases:
        lines.append(f"{phase.what:45} {phase.instructions:12,} {phase.instructions / all_instructions:7.1%} "
                     f"{phase.milliseconds:8.2f}  {phase.function}".rstrip())
    kernel_time = sum(phase.milliseconds for phase in board.boot.phases[1:])
    lines += [f"{'kernel, entry to first user instruction':45} {board.boot.kernel:12,} {'':7} {kernel_time:8.2f}",
              f"{'all, from reset':45} {all_instructions:12,}",
              f"from QEMU's start to the first program's words: {1000 * median:.0f} ms (quartiles {1000 * low:.0f} to "
              f"{1000 * high:.0f}, {len(board.seconds)} boots)"]
    return "\n".join(lines)


def _rest(memory: int, sizes: footprint.Sizes) -> str:
    return (f"least memory for a shell in './exo run': {memory} MiB\n"
            f"image: {sizes.loaded / 1024:,.0f} KiB (text {sizes.text / 1024:,.0f}, constants {sizes.constants / 1024:,.0f}, "
            f"data {sizes.data / 1024:,.0f}), zeroed at start {sizes.zeroed / 1024:,.0f} KiB, "
            f"file with debug information {sizes.file / 1024:,.0f} KiB")


def _as_json(boards: list[Board], memory: int, sizes: footprint.Sizes) -> dict:
    return {"least_memory_mib": memory, "sizes": dataclasses.asdict(sizes),
            "boards": {board.name: {"phases": [dataclasses.asdict(phase) for phase in board.boot.phases],
                                    "kernel_instructions": board.boot.kernel, "seconds": sorted(board.seconds)}
                       for board in boards}}
