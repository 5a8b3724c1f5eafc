"""Installing and building as people see it: a few lines, all output in a log, and its end where something fails."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pexpect
import pytest
from conftest import ROOT
from exo import cli, packages, paths, progress
from exo.building import build
from exo.errors import ExoError

# As apt-get talks: 87 packages, and more lines than anybody reads.
APT = """#!/bin/sh
case "$*" in
*--print-uris*) for i in $(seq 87); do echo "'http://host/pool/$i.deb' $i.deb 1000000 SHA256:0"; done ;;
update*) echo 'Hit:1 http://host stable InRelease' ;;
install*)
    for i in $(seq 87); do echo "Get:$i http://host stable/main amd64 p$i"; done
    for i in $(seq 87); do echo "Unpacking p$i (1.0) ..."; done
    for i in $(seq 87); do echo "Setting up p$i (1.0) ..."; done
    for i in $(seq 900); do echo "noise $i"; done
    [ ! -e "$APT_FAILS" ] || { echo 'E: no space'; exit 100; } ;;
esac
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for name, text in (("apt-get", APT), ("sudo", '#!/bin/sh\nexec "$@"\n')):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("APT_FAILS", f"{tmp_path}/fails")
    monkeypatch.setattr(paths, "BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(packages, "is_debian", lambda: True)
    return tmp_path


def log(apt):
    return (apt / "build" / "logs" / "packages.log").read_text().splitlines()


def wanted(apt):
    """A package that is there once the installation has run."""
    return packages.Package("p1", str(apt / "build" / "logs" / "packages.log"), "a reason")


def test_an_installation_is_a_few_lines(apt, capsys):
    packages.ensure((wanted(apt),), "running")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "exo: running needs 1 more package:" and "a reason" in said[1]
    assert "exo: fetching 87.0 MB (packages: 87) and installing them, which usually takes one to three minutes" in said
    assert "exo: installing packages: fetching" in said and "exo: installing packages: setting up" in said
    assert len(said) <= 8
    assert "noise 900" in log(apt)


def test_an_installation_that_fails_shows_the_end_of_its_log(apt, capsys):
    (apt / "fails").write_text("")
    with pytest.raises(ExoError, match=r"apt-get install failed \(status 100\); all that it printed is in .*logs/packages.log"):
        packages.ensure((wanted(apt),), "running")
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "E: no space" and len(said) <= 8 + progress.SHOWN_LINES
    assert "Unpacking p87 (1.0) ..." in log(apt)


def test_a_full_disk_is_one_line(apt, capsys, monkeypatch):
    (apt / "fails").write_text("")
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 10, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(ExoError, match=r"^apt-get install failed: .*/build: No space left on device$"):
        packages.ensure((wanted(apt),), "running")
    assert "E: no space" not in capsys.readouterr().err


def test_one_line_on_a_terminal():
    """The line is written over again and again, and taken away at the end."""
    script = ("import sys, time; sys.path.insert(0, 'tools'); from exo.progress import Progress\n"
              "line = Progress('work'); line.count('compiling', 1, 20); line.show('linking', ', which takes a while'); line.close()\n"
              "print('after')")
    session = pexpect.spawn(sys.executable, ["-B", "-c", script], cwd=ROOT, encoding="utf-8", timeout=30, dimensions=(24, 80))
    session.expect(pexpect.EOF)
    assert session.before == ("\r\x1b[Kexo: work: compiling 1 of 20\r\x1b[Kexo: work: linking, which takes a while\r\x1b[K"
                              "after\r\n")


class Line:
    """What a Progress would show."""

    def __init__(self):
        self.shown = []

    def show(self, stage, detail=""):
        self.shown.append(stage)

    def count(self, stage, done, total):
        self.shown.append((stage, done, total))


def test_the_linker_is_named_while_it_runs(tmp_path):
    """ninja reports a step when it has ended, so it is named as soon as all is compiled."""
    (tmp_path / "build.ninja").write_text("rule cc\n command = cc -c $in -o $out\nrule ld\n command = ld $in -o $out\n"
                                          "build a.o: cc a.c\nbuild b.o: cc b.c\nbuild x: ld a.o b.o\n")
    line = Line()
    steps = build._Steps(line, str(tmp_path), ("x",))
    for text in ("[0/2] Re-checking globbed directories...\n", "[1/3] Building CXX object a.o\n", "a warning\n",
                 "[2/3] Building CXX object b.o\n", "[3/3] Linking CXX executable x\n"):
        steps.take(text)
    assert line.shown == [("compiling", 1, 3), "linking", "linking"]


def test_a_moved_tree_is_built_anew(tmp_path, monkeypatch, capsys):
    """A copy of a build folder leads to the sources that it was made for."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(paths, "BUILD", str(tmp_path / "build"))
    ran = []
    monkeypatch.setattr(progress, "run", lambda arguments, *_, **__: ran.append(arguments[0]))
    folder = tmp_path / "build" / "release"
    (folder / "CMakeFiles").mkdir(parents=True)

    def configure(home):
        for name in ("build.ninja", "exo-os.elf", build.LOCK):
            (folder / name).write_text("")
        (folder / "CMakeCache.txt").write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={home}\n")
        ran.clear()
        build._configure("release")
        return ran == ["cmake"]

    assert not configure(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    assert not configure(tmp_path / "link")
    assert (folder / "exo-os.elf").exists() and capsys.readouterr().err == ""
    for home in (ROOT, tmp_path / "gone"):
        assert configure(home)
        assert os.listdir(folder) == [build.LOCK]
        assert capsys.readouterr().err.startswith("exo: the tree was moved or copied;")


def test_several_that_fetch_one_package_get_it_once_and_whole(apt):
    """Suites that run beside each other once took away the folder that another was booting from."""
    (apt / "bin" / "apt-get").write_text(f'#!/bin/sh\necho "$*" >> {apt}/asked\nsleep 0.2\ntouch fetched.deb\n')
    (apt / "bin" / "dpkg").write_text('#!/bin/sh\nmkdir -p "$3/boot"\necho part > "$3/boot/kernel-1"\nsleep 0.2\n'
                                      'echo rest >> "$3/boot/kernel-1"\n')
    (apt / "bin" / "dpkg").chmod(0o755)
    folder = apt / "build" / "unpacked"

    def fetch(_):
        packages.download("p1", str(folder), "boot/kernel-*")
        return (folder / "boot" / "kernel-1").read_text()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fetch, range(4))) == ["part\nrest\n"] * 4
    assert (apt / "asked").read_text().count("download p1") == 1
    with pytest.raises(ExoError, match="the package p2 has no boot/other"):
        packages.download("p2", str(folder), "boot/other")
    assert (folder / "boot" / "kernel-1").exists()


@pytest.mark.parametrize("words", [
    ["--help"], ["run", "--help"], ["debug", "--help"], ["build", "--help"], ["test", "--help"], ["test", "linux", "--help"],
    ["test", "kernel", "pattern", "--help"], ["test", "cross", "--help"], ["test", "hostile", "--help"],
    ["test", "coverage", "--help"], ["bench", "--help"], ["bench", "linux", "--help"], ["bench", "host", "--help"],
    ["bench", "boot", "--help"], ["bench", "compare", "--help"], ["bench", "profile", "--help"], ["bench", "baseline", "--help"],
    ["check", "--help"], ["calls", "--help"], ["calls"], ["calls", "read"], ["calls", "--json"], ["version"]])
def test_help_and_descriptions_install_and_build_nothing(words, monkeypatch, capfd):
    def forbidden(*_, **__):
        raise AssertionError("it would install or build")

    for module, names in ((packages, ("ensure", "_install", "download")), (build, ("_ensure", "ensure_preset", "_make_preset"))):
        for name in names:
            monkeypatch.setattr(module, name, forbidden)
    assert cli.main(words) == 0
    said = capfd.readouterr()
    assert said.out and not said.err


def test_a_first_error_is_shown_whatever_comes_behind_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "BUILD", str(tmp_path))
    lines = f"echo 'a.cpp:1:2: error: this is wrong'; seq {3 * progress.SHOWN_LINES}; exit 1"
    with pytest.raises(ExoError):
        progress.run(["sh", "-c", lines], "compiling", "build")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "a.cpp:1:2: error: this is wrong" and len(said) == 1 + progress.SHOWN_LINES
