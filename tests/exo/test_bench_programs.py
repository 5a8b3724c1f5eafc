"""`./exo bench programs`: what a machine is given, what is made of its words and counts, and the table. No machine is started."""

import json
import os

import pytest
from exo.archive import cpio
from exo.bench import growth_table, machine, plugin, programs
from exo.bench.programs import Cost, Task
from exo.errors import ExoError
from test_bench_linux import region

TASK = Task("one", "`one`", ("bash",), ("/bin/one", "two words"), "echo ready\n", 2)


@pytest.fixture
def counter(tmp_path, monkeypatch):
    """Stands for the compiled program."""
    (tmp_path / "counter").write_bytes(b"program")
    monkeypatch.setattr(programs.COUNTER, "build", lambda: str(tmp_path / "counter"))
    (tmp_path / "root.cpio").write_bytes(b"")
    return str(tmp_path / "root.cpio")


def test_a_machine_is_given_the_tasks_with_their_words(tmp_path, counter):
    path = programs._image(str(tmp_path), counter, [TASK])
    with open(path, "rb") as file:
        entries = {entry.name: entry.data for entry in cpio.read(file.read())}
    assert entries["init"] == b"program" and entries["bench/tasks"] == b"one 2\n"
    assert entries["bench/one.words"] == b"/bin/one\ntwo words\n" and entries["bench/one.prepare"] == b"echo ready\n"


def test_every_task_has_a_name_that_can_be_a_file_and_an_absolute_program():
    assert len({task.name for task in programs.TASKS}) == len(programs.TASKS)
    for task in programs.TASKS:
        assert task.name.isalnum() and task.words[0].startswith("/") and task.rounds >= 1 and "\n" not in "".join(task.words)


def boots(monkeypatch, *texts: str, regions=()):
    said = list(texts)
    monkeypatch.setattr(machine, "run", lambda command, log, what, limit: said.pop(0))
    monkeypatch.setattr(plugin, "arguments", lambda out: [])
    monkeypatch.setattr(plugin, "read", lambda out: list(regions))


def test_the_median_of_the_rounds_counts(monkeypatch, counter):
    boots(monkeypatch, "@@ROUND one 0 5\n@@ROUND one 0 6\n@@ROUND one 0 7\n@@DONE\n",
          "@@ROUND one 0 1000000000\n@@ROUND one 0 3000000000\n@@ROUND one 0 2000000000\n@@DONE\n",
          regions=[region(0, 300), region(1, 100), region(2, 200)])
    cost = programs.measure("kernel", "Exo-OS", counter, [TASK])["one"]
    assert (cost.instructions, cost.seconds, cost.memory) == (200, 2.0, None)


@pytest.mark.parametrize("text, message", [
    ("  no such file\n@@FAILED one it ends with status 0x7f00\n@@DONE\n", "one: it ends with status 0x7f00(.|\n)*no such file"),
    ("@@ROUND one 0 5\npanic\n", "did not come to the end of its tasks; its last words: panic"),
    ("@@ROUND one 0 5\n@@DONE\n", "1 rounds by the guest's words, 0 by the plugin")])
def test_what_a_machine_did_not_do_is_said(monkeypatch, counter, text, message):
    boots(monkeypatch, text)
    with pytest.raises(ExoError, match=message):
        programs.measure("kernel", "Exo-OS", counter, [TASK])


def test_the_least_memory_is_found(monkeypatch, counter, tmp_path):
    def run(command, log, what, limit):
        return "@@DONE\n" if int(command[command.index("-m") + 1]) >= 101 else "Out of memory\n"
    monkeypatch.setattr(machine, "run", run)
    assert programs._least_memory("kernel", "Exo-OS", str(tmp_path), counter, TASK) == 104


DATA = {"linux": {"package": "linux-image", "version": "6.1"}, "qemu": "7.2", "programs": {"bash": {
    "linux": {"instructions": 3_000_000, "kernel": 2_000_000, "seconds": 0.5, "memory": 96},
    "exo": {"instructions": 1_500_000, "kernel": 500_000, "seconds": 0.25, "memory": 64}}}}


def test_the_page_has_the_table_once_and_the_table_of_growth_stays_beside_it():
    page = f"# Performance\n\n{growth_table.HEADING}\n\nrows\n\n## How it was measured\n\ntext\n"
    once = programs.put_into(page, programs.section(DATA))
    assert "| `bash -c :` | 3.0 | 1.5 | 2.00 | 2.0 | 0.5 | 4.00 | 0.50 / 0.25 | 96 / 64 |" in once
    assert programs.put_into(once, programs.section(DATA)) == once and growth_table.section_of(once) == growth_table.section_of(page)
    assert programs.section(DATA) in growth_table.put_into(once, f"{growth_table.HEADING}\n\nothers\n\n")


def test_figures_are_put_beside_those_of_other_programs(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "DATA", str(tmp_path / "programs.json"))
    monkeypatch.setattr(programs, "PAGE", str(tmp_path / "page.md"))
    monkeypatch.setattr(machine, "qemu_version", lambda: "7.2")
    (tmp_path / "programs.json").write_text(json.dumps(DATA))
    (tmp_path / "page.md").write_text("## How it was measured\n")
    data = programs.merged({"git": {"linux": Cost(8, 4, 1.0), "exo": Cost(4, 1, 1.0)}, "bash": {"linux": Cost(6, 4, 1.0), "exo": Cost(3, 1, 1.0)}}, {
        "package": "linux-image", "version": "6.1"})
    assert list(data["programs"]) == ["bash", "git"] and data["programs"]["bash"]["exo"] == {
        "instructions": 3, "kernel": 1, "seconds": 1.0, "memory": 64}
    programs.save(data)
    assert "`git status`" in (tmp_path / "page.md").read_text() and os.path.exists(programs.DATA)
