"""From counters in a machine's memory to a report: with a small image of two functions, and LLVM's tools."""

import array
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading

import pytest
from exo import paths, suites
from exo.machine import qmp
from exo.coverage import counters, profile, report
from exo.errors import ExoError

SOURCE = """
int volatile word;
extern "C" int doubled(int value) { return value > 10 ? value + value : value << 1; }
extern "C" void never() { word = 1; }
extern "C" void _start() { word = doubled(4); }
"""
TARGET = ("--target=x86_64-unknown-none-elf", "-mcmodel=kernel", "-fno-pic", "-O1", "-ffunction-sections")
COUNTING = ("-fprofile-instr-generate", "-fcoverage-mapping", "-fprofile-update=single")


def build(folder, *options):
    source, made, image = (str(folder / name) for name in ("two.cpp", "two.o", "image.elf"))
    with open(source, "w", encoding="ascii") as file:
        file.write(SOURCE)
    subprocess.run(["clang++-19", *TARGET, *options, "-c", source, "-o", made], check=True)
    subprocess.run(["ld.lld-19", "-T", paths.in_root("kernel", "arch", "x86_64", "kernel.ld"), "--gc-sections", "-u", "never",
                    "-u", "_start", "--defsym=__llvm_profile_runtime=0", "--defsym=exo_pvh_entry=_start",
                    "--defsym=exo_multiboot_entry=_start", "-o", image, made],
                   check=True)
    return image


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return counters.Image(build(tmp_path_factory.mktemp("counting"), *COUNTING))


def names_and_places(image):
    """Where each function's first counter is, by the compiler's records: each begins with a hash of the name."""
    found = {}
    for at in range(0, len(image.data.content), profile.RECORD_SIZE):
        name, _, offset = struct.unpack_from("<QQq", image.data.content, at)
        found[name] = (image.data.address + at + offset - image.counters.address) // 8
    hashes = {name: int.from_bytes(hashlib.md5(name.encode()).digest()[:8], "little") for name in ("_start", "doubled", "never")}
    return {name: found[value] for name, value in hashes.items()}


def memory_of(image, **values):
    words = array.array("Q", [0] * (image.size // 8))
    for name, place in names_and_places(image).items():
        words[place] = values.get(name, 0)
    return words


def test_what_ran_is_reached_and_what_did_not_is_not(image, tmp_path):
    collector = counters.Collector(image, str(tmp_path / "kept"))
    collector.keep(memory_of(image, _start=1, doubled=2).tobytes())
    collector.keep(memory_of(image, _start=1 | counters.TOLD).tobytes())
    total = counters.merge(image, [collector.folder])
    assert max(total) == 2 and sum(total) == 4  # the mark is gone, and machines are added
    made = str(tmp_path / "two.profdata")
    profile.write(image, total, made)
    sources = os.path.dirname(image.path)
    reached = {function.name: function.is_reached for function in report.functions(image, made, sources)}
    assert reached == {"_start": True, "doubled": True, "never": False}
    assert report.doubts(report.functions(image, made, sources), "doubled", "never") == []
    assert report.doubts(report.functions(image, made, sources), "never", "doubled") == [
        "never has run, and its counter says that it has not", "doubled has not run, and its counter says that it has"]
    assert report.doubts([], "doubled", "never")[0] == "doubled is not among the functions"


def test_counters_are_the_ones_of_their_functions(image, tmp_path):
    """Each one alone: no place is taken for another."""
    sources = os.path.dirname(image.path)
    for name in ("_start", "doubled", "never"):
        made = str(tmp_path / f"{name}.profdata")
        profile.write(image, memory_of(image, **{name: 1}), made)
        assert [function.name for function in report.functions(image, made, sources) if function.is_reached] == [name]


def test_an_image_that_does_not_count(tmp_path):
    plain = build(tmp_path)
    listing = subprocess.run(["llvm-readelf-19", "-SW", plain], capture_output=True, text=True, check=True).stdout
    assert "__llvm" not in listing
    with pytest.raises(ExoError, match="not a build of the preset 'coverage'"):
        counters.Image(plain)
    with pytest.raises(ExoError, match="not an ELF file"):
        counters.Image(__file__)
    with pytest.raises(ExoError, match="No such file"):
        counters.Image(str(tmp_path / "none"))


def test_counters_of_another_image_or_none(image, tmp_path):
    with pytest.raises(ExoError, match="there are no counters"):
        counters.merge(image, [str(tmp_path / "nothing")])
    collector = counters.Collector(image, str(tmp_path / "other"))
    collector.keep(b"\0" * image.size)
    made, = os.listdir(collector.folder)
    os.rename(os.path.join(collector.folder, made), os.path.join(collector.folder, "not" + made))
    with pytest.raises(ExoError, match="is of another image"):
        counters.merge(image, [collector.folder])
    counters.Collector(image, str(tmp_path)).keep(b"\0" * (image.size + 8))
    with pytest.raises(ExoError, match="is of another image"):
        counters.merge(image, [str(tmp_path)])


def summary(covered, count):
    return {kind: {"covered": covered, "count": count} for kind in report.KINDS}


def test_files_add_up_to_folders():
    rows = report.rows({"main.cpp": summary(1, 2), "fs/open.cpp": summary(3, 4), "fs/tmpfs/deep/a.cpp": summary(0, 5)})
    assert {place: (row["lines"].covered, row["lines"].count) for place, row in rows.items()} == {
        ".": (1, 2), "fs": (3, 9), "fs/tmpfs": (0, 5), "total": (4, 11)}
    text = report.table(rows, {"linux": rows})
    assert "3/9      33.3%" in text and text.splitlines()[-1].endswith("36.4%")
    assert json.loads(json.dumps(report.as_json(rows)))["fs"]["branches"] == {"covered": 3, "count": 9}


def test_instances_of_a_template_are_one_function():
    def entry(name, count, line):
        return {"name": name, "count": count, "filenames": [os.path.join(report.KERNEL, "utils", "a.hpp")],
                "regions": [[line, 1, line + 1, 2, count, 0, 0, 0]]}

    functions = report.merged([entry("_Z1fIiEvv", 0, 3), entry("_Z1fIlEvv", 7, 3), entry("_Z1gv", 0, 9)])
    assert [(function.line, function.is_reached) for function in functions] == [(3, True), (9, False)]
    assert report.never_reached(functions, "kernel/utils/") == ["kernel/utils/a.hpp:9 g()"]
    assert report.never_reached(functions, "util") == []


def test_coverage_is_a_suite_of_its_own():
    suite = next(suite for suite in suites.SUITES if suite.name == "coverage")
    assert suite.has_options and suite.exists() and suite.presets_for([]) == ("coverage",)
    assert suite.presets_for(["--from", "build/coverage/linux"]) == ()  # of the image that has run


def test_a_monitor_sees_the_end_and_refusals(tmp_path):
    """Events may come between an order and its answer."""
    path = str(tmp_path / "qmp")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rw") as file:
            def say(*answers):
                file.write("".join(json.dumps(answer) + "\n" for answer in answers))
                file.flush()
            say({"QMP": {}})
            file.readline()
            say({"return": {}})
            file.readline()
            say({"event": "SHUTDOWN"}, {"error": {"desc": "no such order"}})

    thread = threading.Thread(target=serve)
    thread.start()
    with qmp.Monitor(path) as monitor:
        assert not monitor.has_ended
        with pytest.raises(qmp.Refused, match="no such order"):
            monitor.order("nonsense")
        assert monitor.has_ended
        with pytest.raises(OSError):
            monitor.order("stop")
    thread.join()
    listener.close()
