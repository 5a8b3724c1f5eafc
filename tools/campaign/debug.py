#!/usr/bin/python3
"""One sequence again, stopped in gdb at the call that fails: ./exo debug --seed N|--kept LINE [--suite cross|hostile].

It runs once to see how far it comes; then the same machine starts anew, with the same instructions up to the same call, and
waits for gdb.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from campaign.compare import compare  # noqa: E402
from campaign.hostile import hostile  # noqa: E402
from campaign.machines import machine  # noqa: E402
from campaign.rules import generate, lineage  # noqa: E402
from campaign.sequences import kept  # noqa: E402
from campaign.sequences.sequence import Sequence  # noqa: E402
from exo import paths  # noqa: E402
from exo.building import build  # noqa: E402

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


def sequence_of(options: argparse.Namespace, calls: list[dict]) -> Sequence:
    """Errors: ValueError when the suite has no such sequence."""
    if options.kept is not None:
        path = kept.PATH if options.suite == "cross" else paths.in_root("tests", "hostile", "kept.jsonl")
        found = [sequence for sequence in kept.read(path) if sequence.seed == f"kept {options.kept}"]
        if not found:
            raise ValueError(f"{path} has no sequence in line {options.kept}")
        return found[0]
    if options.suite == "cross":
        areas = _chosen("area", options.area, tuple(generate.AREAS))
        return lineage.sequence(generate.Generator(calls, areas), options.seed)
    return hostile.Generator(calls, _chosen("kind", options.kind, tuple(hostile.KINDS))).sequence(int(options.seed))


def _chosen(what: str, words: str | None, all_of_them: tuple[str, ...]) -> tuple[str, ...]:
    """Errors: ValueError."""
    chosen = tuple(word for word in (words or "").split(",") if word) or all_of_them
    for word in chosen:
        if word not in all_of_them:
            raise ValueError(f"there is no {what} {word}; there are {', '.join(all_of_them)}")
    return chosen


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="exo debug", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=("cross", "hostile"), required=True)
    parser.add_argument("--seed", help="of the sequence, or the name of a child that a guided run has made")
    parser.add_argument("--kept", type=int, metavar="LINE", help="of the suite's kept.jsonl")
    parser.add_argument("--area", help="those that the seed was run with")
    parser.add_argument("--kind", help="the one that the seed was run with")
    parser.add_argument("--preset", required=True)
    return parser.parse_args()


def main(options: argparse.Namespace) -> int:
    suite = options.suite
    machine.build_executor()
    build.ensure_call_table()
    with open(build.call_table_path(), encoding="utf-8") as file:
        calls = json.load(file)["calls"]
    kernel = machine.exo(options.preset)
    try:
        sequence = sequence_of(options, calls)
    except ValueError as error:
        print(f"exo debug: {error}", file=sys.stderr)
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
    sys.exit(main(_arguments()))
