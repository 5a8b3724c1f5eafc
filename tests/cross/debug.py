#!/usr/bin/python3
"""One sequence again, stopped in gdb at the call that fails: ./exo debug --seed N [--suite cross|hostile].

It runs once to see how far it comes; then the same machine starts anew, with the same instructions up to the same call, and
waits for gdb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "hostile")]

import compare  # noqa: E402
import generate  # noqa: E402
import hostile  # noqa: E402
import lineage  # noqa: E402
import machine  # noqa: E402
from exo import build  # noqa: E402
from sequence import Sequence  # noqa: E402

def failing_call(suite: str, kernel: machine.Kernel, sequence: Sequence, calls: list[dict]) -> tuple[int, str]:
    """The place of the call, and what is wrong with it. Without a failure: the first call."""
    run = machine.run(kernel, [sequence])
    if not run.is_complete:
        return (run.progress[1] if run.progress else 0), run.end
    if suite == "cross":
        theirs = machine.run(machine.linux(), [sequence])
        comparison = compare.Comparison({call["name"]: call for call in calls}, compare.read_rules())
        if 0 in theirs.payloads and 0 in run.payloads:
            difference = comparison.difference(sequence, theirs.payloads[0], run.payloads[0])
            if difference is not None:
                return difference.call or 0, "it differs from Linux:\n" + difference.text()
    return 0, "nothing fails in this run: here is its first call"


def stop_address() -> str:
    """Where the executor waits for a debugger."""
    listing = subprocess.run(["nm", machine.EXECUTOR], capture_output=True, text=True, check=True).stdout
    return next(line.split()[0] for line in listing.splitlines() if line.endswith(" stop_here"))


def sequence_of(suite: str, seed: str, calls: list[dict]) -> Sequence:
    """Errors: ValueError when the suite has no such seed."""
    if suite == "cross":
        return lineage.sequence(generate.Generator(calls), seed)
    return hostile.Generator(calls).sequence(int(seed))


def main(suite: str, seed: str, preset: str) -> int:
    machine.build_executor()
    build.ensure_call_table()
    with open(build.call_table_path(), encoding="utf-8") as file:
        calls = json.load(file)["calls"]
    kernel = machine.exo(preset)
    try:
        sequence = sequence_of(suite, seed, calls)
    except ValueError:
        print(f"{seed} is no seed of {suite}")
        return 2
    place, reason = failing_call(suite, kernel, sequence, calls)
    call = sequence.calls[place]
    print(f"{reason}\ncall {place} of {len(sequence.calls)}, actor {call.actor}: {call.name}{call.arguments}"[:2000], flush=True)
    with tempfile.TemporaryDirectory(prefix="exo-debug-") as folder:
        initramfs, gdb = os.path.join(folder, "initramfs"), os.path.join(folder, "gdb")
        with open(initramfs, "wb") as file:
            file.write(machine.image(machine.encode_batch([sequence], os.urandom(16), stop_at=place)))
        print(f"waiting for gdb; in another terminal:\n  gdb {kernel.path} -ex 'target remote {gdb}' "
              f"-ex 'hbreak *0x{stop_address()}' -ex continue\nthen 'break exo_syscall_entry' and 'continue' lead into the call",
              flush=True)
        control, terminal = os.path.join(folder, "qmp"), os.path.join(folder, "terminal")
        command = [*kernel.command(initramfs, control, terminal), "-S", "-gdb", f"unix:{gdb},server=on,wait=off"]
        try:
            return subprocess.run(command, check=False).returncode
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3]))
