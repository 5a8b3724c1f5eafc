"""The counting plugin for several CPUs on a kernel whose every instruction is known, and what `./exo bench smp` makes of its counts."""

import os
import subprocess

import pytest
from conftest import ROOT
from test_command_line import exo

from exo.bench import symbols
from exo.bench.smp import command, counts, lines, places, speedup, table
from exo.errors import ExoError
from exo.machine import qemu
from exo.options import parse

LIMIT = 60
DEBUG_EXIT = 33
LOOPS, TURNS, SLOW, ALONE = 5000, 300, 3, 100  # two_cpus_kernel.S
START_PAGE, TURN, LOCK = 0x8000, 0x9200, 0x9400
EACH_WRITES, BY_ITSELF = range(2)
NEARLY = 0.8
LAYOUT = "SECTIONS { .text 0x100000 : { *(.text) } .note : { *(.note*) } .bss : { *(.bss) } }"


class Guest:
    """The kernel for two CPUs, assembled, and its runs."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.kernel = str(folder / "kernel")
        (folder / "layout.ld").write_text(LAYOUT)
        subprocess.run(["clang-19", "--target=x86_64-unknown-none-elf", "-c", os.path.join(ROOT, "tests", "exo", "two_cpus_kernel.S"),
                        "-o", folder / "kernel.o"], check=True)
        subprocess.run(["ld.lld-19", "-T", folder / "layout.ld", "--entry=0", "-o", self.kernel, folder / "kernel.o"], check=True)
        self.functions = symbols.of_elf(self.kernel)

    def address(self, name: str) -> int:
        """Where a label is when it runs: the second CPU's code is copied."""
        found = self.functions.address_of(name)
        begin, end = (self.functions.address_of(edge) for edge in ("second_cpu", "second_cpu_end"))
        return found - begin + START_PAGE if begin <= found < end else found

    def places(self) -> str:
        waits = ("wait_for_turn", "wait_for_end", "wait_for_go", "wait_for_other", "slow")
        text = "".join(f"wait {self.address(name):x} {self.address(name + '_end'):x}\n" for name in waits)
        return text + f"count {self.address('take_turn'):x} turns\ncontended {self.address('slow'):x}\n"

    def run(self, name: str, places_text: str) -> subprocess.CompletedProcess:
        (self.folder / f"{name}.places").write_text(places_text)
        return subprocess.run([qemu.PROGRAM, "-M", qemu.MACHINE_FLAGS["microvm"], "-m", "32", "-smp", "2", "-nodefaults",
                               "-no-user-config", "-cpu", "max", "-accel", "tcg,thread=multi", "-display", "none", "-no-reboot",
                               "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", self.kernel,
                               *counts.arguments(self.out(name), str(self.folder / f"{name}.places"))],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)

    def out(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    made = Guest(tmp_path_factory.mktemp("two_cpus"))
    made.counted = made.run("counted", made.places())
    assert made.counted.returncode == DEBUG_EXIT, made.counted.stderr
    return made


@pytest.fixture
def regions(guest):
    import json
    with open(guest.out("counted"), encoding="ascii") as file:
        return [json.loads(line) for line in file]


def test_instructions_of_each_cpu(regions):
    first = 4 + 3 * LOOPS + 4 * TURNS + 1 + SLOW + 1
    second = 3 + 3 * LOOPS + 3 * TURNS + 2
    assert regions[EACH_WRITES]["user"] == [first, second] and regions[EACH_WRITES]["kernel"] == [0, 0]
    assert regions[BY_ITSELF]["user"] == [1 + 3 * ALONE, 0]


def test_waiting_is_counted_apart(regions):
    assert min(regions[EACH_WRITES]["waiting"]) > 0
    assert regions[BY_ITSELF]["waiting"] == [0, 0]


def test_lines_that_are_written_in_turn(guest, regions):
    moves = 2 * TURNS - 1
    # The emulator tells of a write after it. When the other CPU has answered it by then, the two are told in the wrong order.
    assert moves * NEARLY <= sum(regions[EACH_WRITES]["transfers"]) + sum(regions[EACH_WRITES]["waiting_transfers"]) <= moves
    assert regions[BY_ITSELF]["transfers"] in ([1, 0], [0, 0])
    written = counts.read_written(guest.out("counted"))
    moved = {(entry.key, entry.instruction) for entry in written[EACH_WRITES] if entry.kind == "transfer"}
    assert moved == {(TURN, guest.address("take_turn")), (TURN, guest.address("wait_for_other_end"))}


def test_locks_that_are_waited_for(guest, regions):
    assert regions[EACH_WRITES]["contended"] == [SLOW, 0]
    assert regions[EACH_WRITES]["locked"] == [1, 0]  # those of the waiting function are not the operation's
    found = [entry for entry in counts.read_written(guest.out("counted"))[EACH_WRITES] if entry.kind == "contended"]
    assert sum(entry.count for entry in found) == SLOW and {entry.address for entry in found} == {LOCK}


def test_entries_are_counted(regions):
    assert regions[EACH_WRITES]["turns"] == [TURNS, 0] and regions[BY_ITSELF]["turns"] == [0, 0]


def test_two_runs_agree(guest, regions):
    assert guest.run("again", guest.places()).returncode == DEBUG_EXIT
    first, second = counts.read(guest.out("counted")), counts.read(guest.out("again"))
    for name in ("user", "locked", "contended", "turns"):
        assert [region[name] for region in first] == [region[name] for region in second]


def test_without_places_waiting_is_work(guest):
    assert guest.run("plain", "").returncode == DEBUG_EXIT
    region = counts.read(guest.out("plain"))[EACH_WRITES]
    assert region["waiting"] == 0 and region["user"] > 6 * LOOPS + 7 * TURNS + 10


@pytest.mark.parametrize("line", ["wait 10", "wait 20 10", "nap 10 20", "count 0 name", "contended"])
def test_a_wrong_place_ends_the_emulator(guest, line):
    done = guest.run("wrong", line + "\n")
    assert done.returncode == 1 and f"no place, or one too many: {line}" in done.stderr


# ---- The command

def functions(*names: str) -> symbols.Symbols:
    return symbols.Symbols(symbols.Symbol(0xffffffff80000000 + 0x1000 * at, 0x40, name) for at, name in enumerate(names, 1))


KERNEL_NAMES = (*places.WAITS, *places.IDLE, places.SWITCH, places.STUBS, *places.SLEEPING_LOCKS)


def test_the_places_of_a_kernel():
    text = places.text(functions(*KERNEL_NAMES), functions("spin_until"))
    assert text.count("wait ") == 5 and text.count("count ") == 32 + 204 + 3 + 3
    stubs = functions(*KERNEL_NAMES).address_of(places.STUBS)
    assert f"count {stubs + 0xfe * 16:x} timer\n" in text and f"resume {stubs:x} {stubs + 4096:x}\n" in text
    with pytest.raises(ExoError, match="exo_switch_context: there is no such function any more"):
        places.text(functions(*(name for name in KERNEL_NAMES if name != places.SWITCH)), functions("spin_until"))


def operation(**metrics: int) -> counts.Operation:
    names = {"kernel": 0, "user": 0, "busiest": 0, "waiting": 0, "idle": 0, "locked": 0, "timer": 0, "requests": 0, "wakes": 0, "devices": 0,
             "exceptions": 0, "transfers": 0, "waiting_transfers": 0, "contended": 0, "slept": 0}
    return counts.Operation("stat_own", 10, [1], [names | metrics])


def test_metrics_are_for_one_operation():
    found = operation(kernel=100, user=20, waiting=70, idle=30, requests=1, wakes=2)
    assert found.metric("instructions") == counts.Metric(12, 12, 12)
    assert found.metric("waiting").median == 10 and found.metric("sent").median == 0.3


def test_the_suite_must_come_to_its_end():
    good = "@@CPUS 2\n@@OP getppid 0 8000 123\n@@DONE\n"
    assert counts.take(good, "Exo-OS", 2, ["getppid"])[0].count == 8000
    for text, problem in ((good.replace("@@DONE", ""), "did not come to its end"), (good.replace("CPUS 2", "CPUS 1"), "saw 1 CPUs"),
                          (good + "@@FAIL getppid no (x)\n", "failed its proof")):
        with pytest.raises(ExoError, match=problem):
            counts.take(text, "Exo-OS", 2, ["getppid"])
    with pytest.raises(ExoError, match="nothing was measured of pipe_own"):
        counts.take(good, "Exo-OS", 2, ["pipe_own"])
    with pytest.raises(ExoError, match="1 rounds, but the plugin counted 0"):
        counts.join(counts.take(good, "Exo-OS", 2, []), [], {})


def test_lines_are_named_by_what_they_hold():
    names = lines.Names(functions("reader", "writer"), symbols.Symbols([symbols.Symbol(0xffffffff80600020, 0x100, "tree")]))
    found = operation()
    one, other = 0xffffffff80001000, 0xffffffff80002000
    found.written = [[counts.Written("transfer", 0, 0x600000, 0xffffffff80600028, one, 3),
                      counts.Written("transfer", 1, 0x600000, 0xffffffff80600028, other, 7),
                      counts.Written("transfer", 0, 0x700000, 0xffff800000700000, one, 2),
                      counts.Written("transfer", 0, 0x700040, 0xffff800000700040, one, 2),
                      counts.Written("contended", 0, 0xffffffff80600068, 0xffffffff80600068, other, 5)]]
    tree, heap = lines.shared(found, "transfer", names)
    assert (tree.name, tree.rate, tree.writers) == ("tree+8", 1.0, (("writer", 0.7), ("reader", 0.3)))
    assert (heap.name, heap.rate) == ("2 lines of the heap or pages", 0.4)
    assert [(lock.name, lock.rate) for lock in lines.shared(found, "contended", names)] == [("tree+72", 0.5)]
    text = lines.as_text(found, names, 1)
    assert "1.000  tree+8: writer 70%, reader 30%" in text and "in 1 more" in text


def data(two: float) -> dict:
    def metrics(instructions: float) -> dict:
        return {name: [instructions, instructions, instructions * 1.01] for name in counts.METRICS}
    return {"qemu": "7", "cpus": [1, 2], "rounds": 5, "operations": {"compile_graph": {"1": metrics(1000), "2": metrics(two)}},
            "lines": {"compile_graph": {"transfer": [{"name": "tree", "rate": 1.5, "writers": [["walk", 1.0]]}], "contended": []}}}


def test_the_table_and_the_page():
    text = table.for_terminal(data(1100))
    assert "1,000 / 1,100" in text and "1.100 times as many instructions" in text and "spread by 1.0% at most" in text
    page = table.page(data(1100))
    assert "| `compile_graph` | 1,000 / 1,100 | 1.10 |" in page and "- 1.50 times `tree`: `walk` 100%" in page
    assert "## Speed-up" not in page


def test_two_runs_are_compared():
    assert table.disagreements(data(1100), data(1105)) == (2, [])
    assert table.disagreements(data(1100), data(1200)) == (2, ["compile_graph on 2 CPUs -8.3%"])
    assert table.disagreements(data(1100), {}) == (0, [])


def test_speed_ups_are_pairs():
    found = speedup.Speedup([1.6, 1.0], [1.6, 0.8], {"linux 1": [2, 2], "linux 2": [1, 1], "exo 1": [2, 2], "exo 2": [1, 1]})
    assert found.ratios == [1.0, 0.8]
    row, = speedup.rows({"cpus": 2, "workloads": {"hackbench": found.as_json()}})
    assert row == ["hackbench", "2", "1.30 (1.00–1.60)", "1.20 (0.80–1.60)", "0.90 (0.80–1.00)", "2.00 → 1.00", "2.00 → 1.00"]
    assert "is met" in speedup.verdict({"workloads": {"hackbench": found.as_json()}})


@pytest.mark.parametrize("words, problem", [
    (["--cpus", "0"], "--cpus 0: not a list of numbers from 1 to 8"),
    (["--cpus", "2,1"], "the numbers have to rise"),
    (["--runs", "0"], "--runs 0: not a number from 1 to 64"),
    (["--pairs", "3"], "--pairs belongs to --speedup"),
    (["--speedup", "--runs", "3"], "--runs and --speedup exclude each other"),
    (["--speedup", "--cpus", "1"], "--speedup needs 2 CPUs or more"),
    (["--speedup", "--filter", "getppid"], "--speedup measures hackbench and compile_graph"),
    (["--filter", "nonsense"], "no operation's name has nonsense in it; there are getppid"),
    (["--lines", "getpid"], "getpid is not among what is measured"),
    (["--lines", "getppid", "--json"], "exclude each other"),
    (["getppid"], "what is getppid?"),
    (["--kernel", "/nowhere"], "--kernel: /nowhere: not there")])
def test_what_makes_no_sense_is_refused_first(words, problem):
    done = exo("bench", "smp", *words)
    assert done.returncode != 0 and problem in done.stderr


def test_filters():
    assert counts.operations("*_threads") == [name for name in counts.operations() if name.endswith("_threads")]
    assert counts.operations("compile") == ["compile_graph"]
    assert parse(command.COMMAND, ["--cpus", "1,4"]).cpus == [1, 4]
