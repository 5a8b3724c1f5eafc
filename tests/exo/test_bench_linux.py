"""What a run of the guest suite is taken for, and what is made of two of them."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ROOT
from exo.machine import debian_kernel
from exo.bench import chart, figures, guest, machine, page, plugin, suite, table
from exo.errors import ExoError
from test_command_line import exo

EVENTS = [field for field in plugin.RegionCounts.__annotations__ if field not in ("region", "instructions")]


def region(number: int, instructions: int, **events: int) -> plugin.RegionCounts:
    return plugin.RegionCounts(region=number, instructions=instructions, **{name: events.get(name, 0) for name in EVENTS})


CONSOLE = """[    0.1] booting
@@OVERHEAD switch 4
@@OP switch 0 10 1000
@@OP switch 1 10 1300
@@OP switch 2 10 1200
@@NONE socket no socket: Function not implemented
@@OP read 0 2 300
@@OP read 1 2 500
@@DONE
"""
REGIONS = [region(0, 1007, cr3=10), region(1, 1307, cr3=30), region(2, 1207, cr3=20), region(3, 307), region(4, 507, locked=3)]


def test_the_median_round_with_its_own_events():
    run = suite.join(CONSOLE, REGIONS, "Exo-OS", [])
    switch, read = run.operations["switch"], run.operations["read"]
    assert switch.instructions == pytest.approx(1207 / 10 - 4) and switch.events["cr3"] == 2
    assert read.instructions == 307 / 2 and read.events["locked"] == 0  # of an even number the lower
    assert run.missing == {"socket": "no socket: Function not implemented"}
    assert run.names == ["switch", "read", "socket"]


def test_a_round_with_an_interrupt_more_does_not_count():
    regions = [region(0, 1007, iret=1), region(1, 1307), region(2, 1207, iret=1), *REGIONS[3:]]
    assert suite.join(CONSOLE, regions, "Exo-OS", []).operations["switch"].instructions == pytest.approx(1307 / 10 - 4)
    regions[1] = region(1, 1307, iret=2)
    assert suite.join(CONSOLE, regions, "Exo-OS", []).operations["switch"].instructions == pytest.approx(1007 / 10 - 4)


def test_idle_time_is_not_counted():
    slept = CONSOLE.replace("@@OP switch 2 10 1200", "@@OP switch 2 10 9999999")
    regions = [*REGIONS[:2], region(2, 1207, hlt=10), *REGIONS[3:]]
    assert suite.join(slept, regions, "Exo-OS", []).operations["switch"].instructions == pytest.approx(116.7)
    with pytest.raises(ExoError, match="^Exo-OS: switch: 9999999 instructions by the guest's counter, 1207 by the plugin"):
        suite.join(slept, REGIONS, "Exo-OS", [])


@pytest.mark.parametrize("change, message", [
    (("@@DONE", "@@FAIL read data is wrong"), "Linux: an operation failed its proof, so nothing is reported: read data is wrong"),
    (("@@DONE\n", "kernel panic\n"), "Linux: the suite did not come to its end (the last operation that it did: read); "
                                     "its last words: kernel panic"),
    (("@@OP read 1 2 500\n", ""), "Linux: 4 rounds, but the plugin counted 5 regions"),
    (("@@OP read 1", "@@OP rea"), "Linux: the console was damaged: a line of the suite cannot be read"),
    (("@@OVERHEAD switch", "@@OVERHEAD nobody"), "Linux: the console was damaged: a line of the suite cannot be read"),
])
def test_a_run_that_is_not_whole_is_none(change, message):
    with pytest.raises(ExoError) as error:
        suite.join(CONSOLE.replace(*change), REGIONS, "Linux", [])
    assert str(error.value) == message


def test_what_was_asked_for_must_have_run():
    with pytest.raises(ExoError, match="nothing was measured of pipe"):
        suite.join(CONSOLE, REGIONS, "Linux", ["read", "pipe"])


def rows() -> list[figures.Row]:
    linux = suite.join(CONSOLE, REGIONS, "Linux", [])
    linux.operations["socket"] = linux.operations["read"]
    ours = [region(0, 250, cr3=10), region(1, 250, cr3=10), region(2, 250, cr3=10), region(3, 614), region(4, 614)]
    console = "\n".join(line.replace(line.split()[-1], "250" if "switch" in line else "610") if line.startswith("@@OP")
                        else line for line in CONSOLE.splitlines())
    return figures.side_by_side(["switch", "socket", "other", "read"], linux, suite.join(console, ours, "Exo-OS", []))


def test_the_table():
    found = rows()
    assert [row.name for row in found] == ["switch", "socket", "read"]
    assert figures.mean_line(found) == "geometric mean over 2 rows: 1.67; 1 row missing, so no claim over the whole table"
    assert figures.mean_line([found[0]]) == "geometric mean over 1 row: 5.56, none missing"
    assert [row.name for row in figures.worst_first(found)] == ["socket", "read", "switch"]
    text = table.for_terminal(found, is_sorted=False)
    assert max(map(len, text.splitlines())) <= table.WIDTH
    assert text.splitlines()[1].split() == ["switch", "117", "21", "5.56", "cr3", "2/1"]
    assert text.splitlines()[2].split() == ["socket", "154", "not", "supported"]


def test_a_line_never_gets_too_long():
    many = dict.fromkeys(suite.EVENTS, 123456.0)
    row = figures.Row("fork_exec_exit_wait", figures.Figure(1e9, many), figures.Figure(2e9, dict.fromkeys(suite.EVENTS, 7.0)))
    line = table.for_terminal([row], False).splitlines()[1]
    assert len(line) <= table.WIDTH and "cr3 123,456/7" in line


def test_the_page_and_the_chart():
    found = rows()
    data = {"qemu": "7.2", "rounds": 3, "linux": {"package": "linux-image-6", "version": "6.1.192-2"}}
    text = page.render(found, data)
    assert "| `switch` | 117 | 21 | 5.56 | 0 / 0 |" in text and "| `socket` | 154 | not supported |  | 0 / – |" in text
    assert "1 row missing, so no claim over the whole table" in text and "linux-image-6 6.1.192-2" in text
    picture = "".join(ElementTree.fromstring(chart.render(found)).itertext())
    assert "switch" in picture and "Not supported yet: socket" in picture
    assert "nan" not in chart.render([]).lower()


def test_the_image_is_the_same_every_time():
    assert guest.SUITE.image() == guest.SUITE.image()
    assert guest.operations()[:2] == ["unknown_call", "getppid"]


@pytest.mark.parametrize("words, message", [
    (["bench", "nope"], "exo: unknown measurement nope (see './exo bench --help')"),
    (["bench", "linux", "--only", "yield_par"], "exo: no operation is called yield_par; did you mean yield_pair"),
    (["bench", "linux", "--only", "zzz"], "exo: no operation is called zzz; docs/performance.md lists them"),
    (["bench", "linux", "--rounds", "65"], "exo: --rounds 65: not a number from 1 to 64 (see './exo bench linux --help')"),
    (["bench", "linux", "what"], "exo: what is what? (see './exo bench linux --help')"),
    (["bench", "linux", "--kernel", "/no/such"], "exo: --kernel: /no/such: not there, or not readable"),
])
def test_one_line_for_what_is_wrong(words, message):
    done = exo(*words)
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.splitlines()[-1].startswith(message)


def test_help():
    for words in (["bench", "--help"], ["bench", "linux", "--help"]):
        done = exo(*words)
        assert done.returncode == 0 and done.stdout.startswith("usage: ./exo bench") and not done.stderr


def test_a_machine_that_falls_silent_or_does_not_start(tmp_path):
    log = tmp_path / "log"
    script = ["/bin/sh", "-c", f"echo '@@OP read 0 2 300' > {log}; exec sleep 60"]
    with pytest.raises(machine.RunFailed, match="Linux hangs: 0 s without a word; its last words: @@OP read 0 2 300"):
        machine.run(script, str(log), "Linux", limit=0.2)
    with pytest.raises(ExoError, match="Exo-OS did not start: QEMU says: .*not an ELF|Exo-OS did not start: QEMU says"):
        machine.boot(f"{ROOT}/LICENSE", guest.SUITE.image(), "", "Exo-OS", ["-no-such-option"])


def test_no_debian_kernel(monkeypatch, tmp_path):
    monkeypatch.setattr(debian_kernel, "FOLDER", str(tmp_path))
    monkeypatch.setattr(debian_kernel.process, "capture", lambda *_: (100, "E: No packages found"))
    with pytest.raises(ExoError, match="^no Debian kernel to be had: apt-cache knows no linux-image-cloud-amd64"):
        debian_kernel.ensure()
    (tmp_path / "vmlinuz-6").write_bytes(bytes(4096))
    with pytest.raises(ExoError, match="it does not say which Debian version it is"):
        debian_kernel.package_version(str(tmp_path / "vmlinuz-6"))


def test_the_data_fit_the_page():
    with open(f"{ROOT}/docs/performance.json", encoding="utf-8") as file:
        data = json.load(file)
    with open(f"{ROOT}/docs/performance.md", encoding="utf-8") as file:
        text = file.read()
    assert all(f"| `{operation['name']}` |" in text for operation in data["operations"])
    assert data["rows"] + len(data["missing"]) == len(data["operations"])
