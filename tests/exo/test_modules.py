"""The smaller parts: packages, fingerprints, sizes, the request's archive, counts of tests, the panic report."""

import json
import os
import time

import pytest
from exo import check, packages, suites
from exo.archive import cpio, elf, rootfs
from exo.building import build, fingerprint
from exo.running import request, run, session


def test_every_package_has_a_reason_and_a_probe():
    everything = packages.RUN + packages.TEST
    assert len({package.name for package in everything}) == len(everything)
    assert all(package.why and package.probe.startswith("/usr/") for package in everything)


def test_missing_packages_are_found_and_described():
    absent = packages.Package("absent", "/usr/bin/no-such-program", "nothing")
    assert packages.missing((absent, packages.Package("sh", "/usr/bin/sh", "scripts"))) == [absent]
    assert packages.describe([absent]) == "  absent  nothing"


@pytest.mark.parametrize("text, expected", [("ID=debian\n", True), ('ID=ubuntu\nID_LIKE="debian"\n', True),
                                            ("ID=fedora\nID_LIKE=rhel\n", False), ("", False)])
def test_which_systems_are_debian(tmp_path, text, expected):
    (tmp_path / "os-release").write_text(text)
    assert packages.is_debian(str(tmp_path / "os-release")) is expected
    assert packages.is_debian(str(tmp_path / "absent")) is False


def test_other_systems_get_a_list(monkeypatch):
    monkeypatch.setattr(packages, "is_debian", lambda: False)
    with pytest.raises(packages.ExoError, match=r"(?s)building needs these.*absent +nothing"):
        packages.ensure((packages.Package("absent", "/usr/bin/no-such-program", "nothing"),), "building")


def test_a_fingerprint_sees_every_change(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_text("a")
    seen = {fingerprint.of([str(tmp_path)])}
    for change in (lambda: (tmp_path / "sub" / "file").write_text("bb"), lambda: (tmp_path / "sub" / "new").touch(),
                   lambda: (tmp_path / "sub" / "new").unlink(), lambda: (tmp_path / "sub" / "file").chmod(0o600),
                   lambda: (tmp_path / "sub" / "file").rename(tmp_path / "sub" / "other")):
        time.sleep(0.01)
        change()
        seen.add(fingerprint.of([str(tmp_path)]))
    assert len(seen) == 6


def test_a_stamp_is_kept(tmp_path):
    stamp = str(tmp_path / "stamp")
    assert not fingerprint.matches(stamp, "a")
    fingerprint.save(stamp, "a")
    assert fingerprint.matches(stamp, "a") and not fingerprint.matches(stamp, "b")


@pytest.mark.parametrize("text, mebibytes", [("64", 64), ("64M", 64), ("2g", 2048)])
def test_memory_sizes(text, mebibytes):
    assert run.memory_size(text) == mebibytes


@pytest.mark.parametrize("text", ["", "M", "1.5", "-1", "0", "1T", "1e3", "²"])
def test_wrong_memory_sizes(text):
    with pytest.raises(ValueError):
        run.memory_size(text)


def test_the_request_is_an_archive_behind_the_image(tmp_path, monkeypatch):
    (tmp_path / "init").write_bytes(b"program")
    (tmp_path / "image").write_bytes(b"")
    (tmp_path / "note").write_text("hello")
    monkeypatch.setattr(build, "init_path", lambda: str(tmp_path / "init"))
    image = tmp_path / "image.cpio"
    with open(image, "wb") as file:
        writer = cpio.Writer(file)
        writer.add_directory("./tmp", 0o1777)
        writer.finish()
    wanted = request.Request(["sh", "", "-c"], {"A": "1"}, "/tmp", [True, False, True], [True, False, True], (24, 80),
                             [request.Copy(f"{tmp_path}/note:/tmp/deep/")])
    sizes = []
    fd = wanted.initramfs(str(image), sizes.append)
    assert sizes == [os.path.getsize(image) + len("hello")]
    content = os.pread(fd, 1 << 20, 0)
    os.close(fd)
    entries = {entry.name: entry.data for entry in cpio.read(content)}
    assert list(entries)[:3] == ["./tmp", "tmp/deep", "tmp/deep/note"]
    assert entries[".exo/argv"] == b"sh\0\0-c\0" and entries[".exo/environ"] == b"A=1\0"
    assert entries[".exo/cwd"] == b"/tmp" and entries[".exo/init"] == b"program"
    assert entries[".exo/streams"] == b"stdin tty\nstdout pipe\nstderr tty\nwinsize 24 80\n"


def test_static_programs_are_recognised(tmp_path):
    (tmp_path / "text").write_text("#!/bin/sh\n")
    assert not elf.is_static("/bin/ls") and not elf.is_static(str(tmp_path / "text"))
    if os.path.exists(rootfs.busybox_path()):
        assert elf.is_static(rootfs.busybox_path())


@pytest.mark.parametrize("output, status, expected", [
    ("3 passed, 0 failed\n", 0, (3, 0)), ("unit: 3 passed, 1 failed, 2 skipped\n", 1, (3, 1)),
    ("1 passed, 0 failed\n7 passed, 0 failed\n", 0, (7, 0)), ("3 passed, 0 failed\n", 1, (3, 1)),
    ("100% tests passed, 0 tests failed out of 8\n", 0, (8, 0)), ("87% tests passed, 1 tests failed out of 8\n", 8, (7, 1)),
    ("Segmentation fault\n", 139, (0, 1)), ("", 0, (0, 1)), ("No tests were found!!!\n", 0, (0, 0)),
    ("No tests were found!!!\n", 8, (0, 1))])
def test_counts(output, status, expected):
    assert suites.count(output, status) == expected


def test_names_are_checked_without_a_precompiled_header(tmp_path, monkeypatch):
    """clang-tidy says nothing of a file whose precompiled header is not there."""
    monkeypatch.setattr(check.paths, "in_build", lambda *parts: str(tmp_path.joinpath(*parts)))
    source = os.path.join(check.paths.ROOT, "build", "name_to_complain_of.cpp")
    command = ("clang++-19 -std=c++23 -Winvalid-pch -Xclang -include-pch -Xclang /nowhere/cmake_pch.hxx.pch "
               f"-Xclang -include -Xclang /nowhere/cmake_pch.hxx -o x.o -c {source}")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "compile_commands.json").write_text(
        json.dumps([{"directory": str(tmp_path), "command": command, "file": source}]))
    assert check._compile_commands() == {"build/name_to_complain_of.cpp": "release"}
    try:
        with open(source, "w", encoding="utf-8") as file:
            file.write("int BadlyNamed() { return 1; }\n")
        assert "BadlyNamed" in check._tidy("build/name_to_complain_of.cpp", "release", 60)[0]
    finally:
        os.unlink(source)


def test_a_preset_without_unit_tests_fails(tmp_path, monkeypatch):
    """ctest ends with status 0 when it finds no test, unless it is told otherwise."""
    monkeypatch.setattr(suites.paths, "in_build", lambda *parts: str(tmp_path.joinpath(*parts)))
    for preset in ("hosted", "hosted-tsan"):
        (tmp_path / preset).mkdir()
        (tmp_path / preset / "CTestTestfile.cmake").write_text("")
    (tmp_path / "test-logs").mkdir()
    unit = next(suite for suite in suites.SUITES if suite.name == "unit")

    def result(words, tests):
        (tmp_path / "hosted" / "CTestTestfile.cmake").write_text("".join(f"add_test({name} true)\n" for name in tests))
        done = suites._run(unit, words, show=False)
        return done.passed, done.failed

    assert result([], ["vm"]) == (1, 1)  # hosted-tsan has none
    assert result(["vm"], ["vm"]) == (1, 0)  # one preset has a test of the name
    assert result(["nosuch"], ["vm"]) == (0, 1)


def test_the_panic_report_begins_at_the_panic():
    assert session.panic_report("booting\nKERNEL PANIC: x\nrip 0\n\n") == "KERNEL PANIC: x\nrip 0"
    assert session.panic_report("all is well\n") == ""
