"""What the counting plugin says about a kernel whose every instruction is known, and what is made of it."""

import os
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from conftest import ROOT

from exo.machine import qemu
from exo.bench import flame_graph, plugin, profile, symbols
from exo.errors import ExoError

LIMIT = 30
DEBUG_EXIT = 33
NOTHING, EVENTS, ROUNDS, FAULTS, TWO_STACKS, SYSTEM_CALLS, CLOSED_BY_NEXT, THE_NEXT = range(8)
TIMED = 6  # the regions whose difference of the cycle counter is written out
MARKER_DISTANCE = 2  # the counter is read as the first in a region, and two instructions before its end
LAYOUT = """
SECTIONS {
    .user 0x110000 : { *(.user) }
    .text 0xffffffff80120000 : AT(0x120000) { *(.text) }
    .page_fault 0xffffffff80150000 : AT(0x150000) { *(.page_fault) }
    .note 0xffffffff80130000 : AT(0x130000) { *(.note*) }
    .data 0xffffffff80140000 : AT(0x140000) { *(.data) }
}
"""


class Guest:
    """The kernel, assembled, and its runs."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.kernel = str(folder / "kernel")
        (folder / "layout.ld").write_text(LAYOUT)
        subprocess.run(["clang-19", "--target=x86_64-unknown-none-elf", "-c",
                        os.path.join(ROOT, "tests", "exo", "counted_kernel.S"), "-o", folder / "kernel.o"], check=True)
        subprocess.run(["ld.lld-19", "-T", folder / "layout.ld", "--entry=0", "-o", self.kernel, folder / "kernel.o"],
                       check=True)

    def run(self, name: str, plugin_arguments: list[str]) -> subprocess.CompletedProcess:
        done = subprocess.run([qemu.PROGRAM, "-M", qemu.MACHINE_FLAGS["microvm"], "-m", "32", "-nodefaults",
                               "-no-user-config", "-cpu", "max", "-accel", "tcg,thread=single", "-icount",
                               "shift=0,sleep=off", "-display", "none", "-serial", f"file:{self.log(name)}",
                               "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", self.kernel,
                               *plugin_arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
        return done

    def log(self, name: str) -> str:
        return str(self.folder / f"{name}.log")

    def cycles(self, name: str) -> tuple[int, ...]:
        with open(self.log(name), "rb") as file:
            return struct.unpack(f"<{TIMED}I", file.read())


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """Has run without the plugin, with it (`counted`), and with call stacks (`profiled`)."""
    made = Guest(tmp_path_factory.mktemp("counted"))
    made.bare = made.run("bare", [])
    made.counted = made.run("counted", plugin.arguments(str(made.folder / "counted")))
    made.profiled = made.run("profiled", plugin.arguments(str(made.folder / "profiled"), plugin.ALL_REGIONS))
    assert made.bare.returncode == DEBUG_EXIT, made.bare.stderr
    assert made.counted.returncode == DEBUG_EXIT, made.counted.stderr
    assert made.profiled.returncode == DEBUG_EXIT, made.profiled.stderr
    return made


@pytest.fixture
def counts(guest):
    return plugin.read(str(guest.folder / "counted"))


def stacks(guest, region: int) -> profile.Folded:
    return profile.read(plugin.stacks_path(str(guest.folder / "profiled")), region, symbols.of_elf(guest.kernel))


def inner(folded: profile.Folded) -> dict[tuple[str, ...], int]:
    """By the last two names: how this kernel was entered is the firmware's affair."""
    found: Counter = Counter()
    for stack, count in folded.items():
        found[tuple(frame.name for frame in stack[-2:])] += count
    return dict(found)


def events(region: plugin.RegionCounts) -> dict[str, int]:
    """Those that happened."""
    plain = ("region", "instructions", "kernel", "user")
    return {name: count for name, count in vars(region).items() if count and name not in plain}


def test_instructions_are_counted_exactly(counts):
    assert [region.region for region in counts] == list(range(8))
    assert [region.instructions for region in counts] == [4, 25, 17, 29, 73, 30, 3, 1]


def test_the_count_is_the_emulators_own(guest, counts):
    cycles = guest.cycles("counted")
    assert [region.instructions - MARKER_DISTANCE for region in counts[:TIMED]] == list(cycles)


def test_the_plugin_does_not_change_the_emulators_count(guest):
    assert guest.cycles("bare") == guest.cycles("counted") == guest.cycles("profiled")


def test_kernel_and_user(counts):
    assert (counts[FAULTS].kernel, counts[FAULTS].user) == (29, 0)
    assert (counts[SYSTEM_CALLS].kernel, counts[SYSTEM_CALLS].user) == (10, 20)
    assert (counts[CLOSED_BY_NEXT].kernel, counts[CLOSED_BY_NEXT].user) == (0, 3)


def test_events(counts):
    assert events(counts[NOTHING]) == {}
    assert events(counts[EVENTS]) == {"cr3": 1, "invlpg": 1, "swapgs": 2, "wrmsr": 1, "rdmsr": 1, "locked": 2, "xsave": 2,
                                      "xrstor": 2, "io": 2}
    assert events(counts[ROUNDS]) == {}
    assert events(counts[FAULTS]) == {"iret": 3, "invlpg": 2}
    assert events(counts[TWO_STACKS]) == {"locked": 6}
    assert events(counts[SYSTEM_CALLS]) == {"syscall": 5, "sysret": 5}


def test_a_region_that_stays_open_is_dropped_with_a_note(guest):
    assert guest.counted.stderr == "exo plugin: region 8 was never closed; it is dropped\n"


def test_call_stacks_hold_every_instruction(guest, counts):
    assert plugin.read(str(guest.folder / "profiled")) == counts
    for region in counts:
        folded = stacks(guest, region.region)
        assert sum(folded.values()) == region.instructions
        assert min(folded.values()) > 0


def test_call_stacks_through_exceptions(guest):
    assert inner(stacks(guest, FAULTS)) == {("high_half", "regions"): 19, ("regions", "leaf"): 1,
                                            ("regions", "page_fault"): 9}


def test_call_stacks_of_two_threads_are_kept_apart(guest):
    assert inner(stacks(guest, TWO_STACKS)) == {
        ("high_half", "regions"): 5, ("regions", "first"): 41, ("first", "switch_stacks"): 6, ("second",): 15,
        ("second", "switch_stacks"): 6}


def test_call_stacks_of_system_calls(guest):
    user, kernel = profile.Frame("user", False), profile.Frame("system_call", True)
    assert stacks(guest, SYSTEM_CALLS) == {(user,): 20, (user, kernel): 10}


def test_one_region_can_be_profiled(guest):
    out = str(guest.folder / "one")
    assert guest.run("one", plugin.arguments(out, TWO_STACKS)).returncode == DEBUG_EXIT
    names = symbols.of_elf(guest.kernel)
    assert profile.read(plugin.stacks_path(out), TWO_STACKS, names) == stacks(guest, TWO_STACKS)
    with pytest.raises(ExoError, match="region 1 was not profiled"):
        profile.read(plugin.stacks_path(out), EVENTS, names)


@pytest.mark.parametrize("argument", ["profile=-1", "profile=", "output=x"])
def test_wrong_arguments_end_the_emulator(guest, argument):
    done = guest.run("wrong", ["-plugin", f"{plugin.build()},out={guest.folder}/wrong,{argument}"])
    assert done.returncode == 1
    assert f"exo plugin: what is {argument}?" in done.stderr


def test_the_table(guest):
    rows = {row.frame.name: row for row in profile.rows(stacks(guest, TWO_STACKS), operations=3)}
    assert (rows["first"].own, rows["first"].cumulative) == (41 / 3, 47 / 3)
    assert (rows["switch_stacks"].own, rows["switch_stacks"].share) == (4, 12 / 73)
    assert rows["regions"].cumulative == 52 / 3
    lines = profile.table(stacks(guest, TWO_STACKS), operations=3, limit=2).splitlines()
    assert lines[1].split() == ["13.7", "56.2%", "15.7", "first"]
    assert lines[3].split() == ["5.7", "23.3%", "2", "more"]
    assert lines[4].split()[:2] == ["24.3", "100.0%"]


def test_folded_text():
    folded = Counter({(profile.Frame("main", False), profile.Frame("exo_entry", True)): 7})
    assert profile.folded_text(folded) == "main;exo_entry_[k] 7\n"


def test_symbols_are_found_by_address():
    found = symbols.Symbols([symbols.Symbol(0x1000, 0x10, "sized"), symbols.Symbol(0x1000, 0, "label"),
                             symbols.Symbol(0x2000, 0, "user_end"), symbols.Symbol(1 << 63, 0, "kernel")])
    addresses = (0xfff, 0x1000, 0x100f, 0x1010, 0x2000, 0x12345, 1 << 63, (1 << 64) - 1)
    assert [found.name(address) for address in addresses] == [
        "0xfff", "sized", "sized", "0x1010", "user_end", "user_end", "kernel", "kernel"]
    below_the_kernel = symbols.Symbols([symbols.Symbol(0x2000, 0, "user")])
    assert below_the_kernel.name(1 << 63) == hex(1 << 63)


def test_symbols_of_linux():
    text = ("booting\nffffffff81000000 T _stext\nffffffff81000000 T startup_64\nffffffff81000010 t do_one\t[module]\n"
            "ffffffff81000020 D data\n")
    found = symbols.of_kallsyms(text)
    assert [found.name(0xffffffff81000000 + offset) for offset in (0, 15, 16, 40)] == [
        "startup_64", "startup_64", "do_one", "do_one"]
    with pytest.raises(ExoError):
        symbols.of_kallsyms("0000000000000000 T _stext\n")


@pytest.mark.parametrize("long, short", [
    ("main", "main"),
    ("exo::Result<void> exo::vm::Area::map<int>(long) const", "vm::Area::map"),
    ("exo::fs::(anonymous namespace)::check_move(exo::fs::(anonymous namespace)::Move const&)", "fs::check_move"),
    ("exo::syscall::detail::Thunk<&exo::posix_x::(anonymous namespace)::sys_brk(exo::syscall::Context&, unsigned long), "
     "exo::Result<unsigned long> (*)(exo::syscall::Context&)>::call(exo::syscall::Context&)",
     "syscall::detail::Thunk<sys_brk>::call"),
    ("std::__exo::span<int, 18ul>::operator[](unsigned long) const", "std::__exo::span::operator[]"),
    ("exo::Ref<exo::A>::operator->() const", "Ref::operator->"),
    ("bool exo::operator<< <int>(exo::A const&)", "operator<<"),
    ("operator delete(void*, unsigned long)", "operator delete"),
    ("exo::start()::$_0::operator()(int) const", "start::$_0::operator()"),
    ("exo::fs::RandomFile::~RandomFile()", "fs::RandomFile::~RandomFile"),
])
def test_short_names(long, short):
    assert symbols.short_name(long) == short


def test_the_flame_graph(guest):
    text = flame_graph.render(stacks(guest, TWO_STACKS), "two <stacks>", operations=3)
    picture = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    boxes = {}
    for group in picture.iter(f"{space}g"):
        box = group.find(f"{space}rect")
        boxes[group.find(f"{space}title").text] = [float(box.get(key)) for key in ("x", "y", "width")]
    everything = boxes["all: 24.3 instructions, 100.00%"]
    first = boxes["first: 15.7 instructions, 64.38%"]
    regions = boxes["regions: 17.3 instructions, 71.23%"]
    assert first[1] == regions[1] - flame_graph.ROW and first[0] == regions[0]
    assert first[2] / everything[2] == pytest.approx(47 / 73, abs=0.001)
    assert "two <stacks>: 24.3 instructions" in "".join(picture.itertext())
    assert "<script" not in text


def test_names_in_the_flame_graph_are_cut_to_fit():
    wide, narrow = profile.Frame("fs::File::read", True), profile.Frame("detail::Thunk<sys_read>::call", True)
    text = flame_graph.render(Counter({(wide,): 1000, (narrow,): 65, (profile.Frame("x" * 40, True),): 50}), "t")
    shown = [element.text for element in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    assert shown[2:] == ["fs::File::read", "sys_read", "xxxxx…"]


def test_the_plugin_is_compiled_once(guest):
    before = os.stat(plugin.RESULT).st_mtime_ns
    plugin.build()
    assert os.stat(plugin.RESULT).st_mtime_ns == before
    plugin.build(force=True)
    assert os.stat(plugin.RESULT).st_mtime_ns > before


def test_without_a_compiler_or_plugins(monkeypatch):
    monkeypatch.setattr(plugin.packages, "find_program", lambda name: None)
    with pytest.raises(ExoError, match="gcc or clang-19"):
        plugin.build(force=True)
    monkeypatch.setattr(plugin.qemu, "PROGRAM", "/bin/false")
    with pytest.raises(ExoError, match="cannot load plugins"):
        plugin.build(force=True)
