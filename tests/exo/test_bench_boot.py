"""When a boot comes to each of its steps, how small the kernel is, and in how little memory it runs."""

import struct

import pytest
from conftest import ROOT
from exo.bench import boot, footprint, machine, phases, plugin, symbols
from exo.errors import ExoError
from test_bench_profile import DEBUG_EXIT, guest  # noqa: F401  (a fixture)
from test_command_line import exo

BASE = 0xFFFFFFFF80000000


def test_arrivals_are_counted_to_the_instruction(guest):  # noqa: F811
    names = symbols.of_elf(guest.kernel)
    entry, long_mode = (names.address_of(name) - BASE for name in ("entry", "long_mode"))
    high_half, regions = (names.address_of(name) for name in ("high_half", "regions"))
    out = str(guest.folder / "watched")
    places = [regions, entry, high_half, long_mode, 0x7FFF0000]  # the last is never reached
    assert guest.run("watched", plugin.arguments(out, watch=places)).returncode == DEBUG_EXIT
    arrivals = plugin.read_arrivals(out)
    assert [arrival.address for arrival in arrivals] == [entry, long_mode, high_half, regions]
    counts = [arrival.instructions - arrivals[0].instructions for arrival in arrivals]
    assert counts == [0, 12, 14, 19]
    times = [arrival.nanoseconds for arrival in arrivals]
    assert times == sorted(times) and times[0] > 0


def test_arrivals_alone(guest):  # noqa: F811
    out = str(guest.folder / "alone")
    address = symbols.of_elf(guest.kernel).address_of("regions")
    assert guest.run("alone", plugin.arguments(out, watch=[address], counts=False)).returncode == DEBUG_EXIT
    assert [arrival.instructions for arrival in plugin.read_arrivals(out)] == [0]
    assert plugin.read(out) == []


@pytest.mark.parametrize("argument", ["watch=", "watch=12x", "watch=1" + "0" * 16, "count=on"])
def test_wrong_arguments_end_the_emulator(guest, argument):  # noqa: F811
    done = guest.run("wrong", ["-plugin", f"{plugin.build()},out={guest.folder}/wrong,{argument}"])
    assert done.returncode == 1 and f"what is {argument}?" in done.stderr


def test_phases_go_from_one_arrival_to_the_next():
    watched = {1: ("entry", "start-up"), 2: ("kernel_main", "the rest"), 3: (phases.FIRST_INSTRUCTION, "")}
    counted = [plugin.Arrival(1, 100, 0), plugin.Arrival(2, 130, 0), plugin.Arrival(3, 190, 0)]
    timed = [{1: 2_000_000, 2: 5_000_000, 3: 6_000_000}, {1: 4_000_000, 2: 6_000_000, 3: 8_000_000}]
    found = phases._phases(counted, timed, watched)
    assert [(phase.function, phase.what, phase.instructions) for phase in found] == [
        ("", phases.RESET, 100), ("entry", "start-up", 30), ("kernel_main", "the rest", 60)]
    assert [phase.milliseconds for phase in found] == [3.0, 2.5, 1.5]
    measured = phases.Boot(found, 191)
    assert measured.kernel == 90
    text = boot._table(boot.Board("microvm", measured, [0.1, 0.2, 0.3]))
    assert "kernel, entry to first user instruction" in text and "200 ms (quartiles 100 to 300, 3 boots)" in text


def test_a_kernel_that_is_not_ours(guest):  # noqa: F811
    with pytest.raises(ExoError, match="no symbol exo_pvh_entry_physical: not a kernel of Exo-OS, or stripped"):
        phases.places(guest.kernel)


def test_a_machine_that_says_nothing_of_a_first_program(guest):  # noqa: F811
    with pytest.raises(ExoError, match="^Exo-OS on microvm did not come to its first program"):
        phases._until_first_words(guest.kernel, "microvm", b"", str(guest.folder), [])


@pytest.mark.parametrize("need", [1, 2, 9, 10, 127, 128])
def test_least(need):
    tried = []
    assert footprint.least(lambda memory: tried.append(memory) or memory >= need, 128) == need
    assert len(tried) == len(set(tried)) <= 8


def test_least_of_none():
    with pytest.raises(ExoError, match="does not even run in 128 MiB"):
        footprint.least(lambda _: False)


def test_sizes(tmp_path):
    headers = [(1, 5, 100, 100), (1, 4, 30, 30), (1, 6, 20, 70), (4, 4, 24, 24)]
    content = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02", 2, 62, 1, 0, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    for kind, flags, in_file, in_memory in headers:
        content += struct.pack("<IIQQQQQQ", kind, flags, 0, 0, 0, in_file, in_memory, 0)
    (tmp_path / "kernel").write_bytes(content)
    assert footprint.sizes(str(tmp_path / "kernel")) == footprint.Sizes(100, 30, 20, 50, len(content))
    with pytest.raises(ExoError, match="not an ELF file of 64 bits"):
        footprint.sizes(f"{ROOT}/LICENSE")


def test_the_words_of_a_pipe():
    import os
    reading, writing = os.pipe()
    os.write(writing, b"some @@BO")
    assert machine.read_until(reading, b"@@BOOT", 0.05) == b"some @@BO"
    os.close(writing)
    assert machine.read_until(reading, b"@@BOOT", 5) == b""
    os.close(reading)


def test_one_line_for_what_is_wrong():
    for words, message in ((["what"], "exo: what is what? (see './exo bench boot --help')"),
                           (["--kernel", f"{ROOT}/LICENSE"], f"exo: {ROOT}/LICENSE: not an ELF file of 64 bits")):
        done = exo("bench", "boot", *words)
        assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (125, "", message)
