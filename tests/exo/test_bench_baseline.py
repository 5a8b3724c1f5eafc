"""What an operation may cost: the baseline, its history, and what a run is told about both."""

import json
import subprocess

import pytest
from conftest import ROOT
from exo.bench import baseline, gate, profile, settings, suite
from exo.bench.baseline import Baseline, Entry
from exo.errors import ExoError, UsageError
from exo.options import Command, Option
from test_bench_linux import region
from test_command_line import exo


def entry(instructions: float, **functions: float) -> Entry:
    return Entry(instructions, functions)


def run_of(**operations: float) -> suite.Run:
    return suite.Run({name: suite.Operation(name, 10, [int(cost * 10)], [region(0, int(cost * 10))])
                      for name, cost in operations.items()}, {"gone": "gone: Function not implemented"})


def test_the_file_reads_back_as_it_was():
    kept = Baseline({"read": entry(100.5, do_read=60.0)}, [{"operation": "read", "from": 1.0, "to": 2.0, "reason": "r"}])
    assert baseline.parse(kept.text()) == kept
    assert baseline.parse(Baseline().text()) == Baseline()


@pytest.mark.parametrize("text", ["", "{}", '{"operations": {"x": {"cost": 1}}, "raised": []}'])
def test_a_file_that_is_none(tmp_path, text):
    (tmp_path / "file").write_text(text)
    with pytest.raises(ExoError, match="benches/baseline.json: not a baseline"):
        baseline.load(str(tmp_path / "file"))
    assert baseline.load(str(tmp_path / "absent")) == Baseline()


class Repository:
    """With a history of baselines."""

    def __init__(self, folder) -> None:
        self.folder = folder
        (folder / "benches").mkdir()
        self.git("init", "-q")

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", self.folder, "-c", "user.name=n", "-c", "user.email=e", *words], check=True)

    def write(self, read: float, raises: int = 0) -> None:
        raised = [{"operation": "read", "from": 0, "to": 0, "reason": "r"}] * raises
        (self.folder / "benches" / "baseline.json").write_text(Baseline({"read": entry(read)}, raised).text())

    def commit(self, read: float, raises: int = 0) -> None:
        self.write(read, raises)
        self.git("add", "benches")
        self.git("commit", "-q", "-m", "baseline")

    def best(self, root=None) -> float:
        return baseline.best(baseline.history(str(root or self.folder)))["read"].instructions


def test_the_least_since_the_last_raise_counts(tmp_path):
    (tmp_path / "origin").mkdir()
    repository = Repository(tmp_path / "origin")
    for cost in (100, 102, 104):  # each by less than the tolerance, and none recorded as a raise
        repository.commit(cost)
    assert repository.best() == 100
    repository.write(98)  # not committed yet
    assert repository.best() == 98
    repository.commit(150, raises=1)
    assert repository.best() == 150
    repository.commit(149, raises=1)
    repository.commit(151, raises=1)
    assert repository.best() == 149
    repository.write(160, raises=2)
    assert repository.best() == 160
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", tmp_path / "shallow"], check=True)
    assert repository.best(tmp_path / "shallow") == 151


def test_without_git_the_file_counts(tmp_path):
    (tmp_path / "benches").mkdir()
    (tmp_path / "benches" / "baseline.json").write_text(Baseline({"read": entry(7)}).text())
    assert baseline.best(baseline.history(str(tmp_path)))["read"].instructions == 7


def problems(run: suite.Run, best: dict) -> dict:
    return {verdict.name: verdict.problem for verdict in gate.judge(run, best)}


def test_more_than_the_tolerance_fails():
    best = {"a": entry(100), "b": entry(100), "c": entry(100), "gone": entry(5), "old": entry(5)}
    found = problems(run_of(a=102.9, b=103.1, c=50, new=9), best)
    assert found["a"] is None and found["c"] is None
    assert found["b"] == "100.0 to 103.1 instructions, +3.1%"
    assert found["new"] == "it has no baseline yet; './exo bench baseline' records it: 9.0 instructions"
    assert found["gone"] == "it has a baseline and was not measured: gone: Function not implemented"
    assert "the suite has no such operation any more" in found["old"]
    remarks = {verdict.name: verdict.remark for verdict in gate.judge(run_of(c=50), {"c": entry(100)})}
    assert remarks["c"] == "100.0 to 50.0 instructions, -50.0%: './exo bench baseline' records it"


def test_where_more_is_spent():
    now = [profile.Row(profile.Frame(name, True), own, own, 0.1)
           for name, own in (("walk", 90.0), ("lock", 50.0), ("unlock", 20.0), ("same", 10.0))]
    lines = gate.differences(entry(120, walk=60.0, lock=55.0, same=10.0), now)
    assert [line.split() for line in lines] == [
        ["+30.0", "walk:", "60.0", "before,", "90.0", "now"],
        ["+10.0", "unlock:", "at", "most", "10.0", "before,", "20.0", "now"]]


def test_nothing_becomes_dearer_by_itself():
    known = Baseline({"a": entry(100), "b": entry(100), "old": entry(3)}, [])
    best = {"a": entry(100), "b": entry(90), "old": entry(3)}
    updated, changes = gate.update(known, best, {"a": entry(99), "b": entry(95), "new": entry(4)}, ["new", "a", "b", "none"])
    assert updated.operations == {"new": entry(4), "a": entry(99), "b": entry(100)}
    assert changes == ["new: new, 4.0 instructions", "lower: a, 100.0 to 99.0 instructions",
                       "taken out: old, which the suite does not have"]


@pytest.mark.parametrize("words, message", [
    (["baseline", "--raise", "getppid"], "exo: --raise and --reason go together (see './exo bench baseline --help')"),
    (["baseline", "--reason", "why"], "exo: --raise and --reason go together (see './exo bench baseline --help')"),
    (["baseline", "--raise", "zzz", "--reason", "why"], "exo: no operation is called zzz; docs/performance.md lists them"),
    (["profile"], "exo: which operation? docs/performance.md lists them (see './exo bench profile --help')"),
    (["profile", "getppid", "--limit", "0"], "exo: --limit 0: not a number of rows (see './exo bench profile --help')"),
    (["profile", "getppid", "getpid"], "exo: what is getpid? (see './exo bench profile --help')"),
    (["profile", "zzz"], "exo: no operation is called zzz; docs/performance.md lists them"),
])
def test_one_line_for_what_is_wrong(words, message):
    done = exo("bench", *words)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (125, "", message)


def test_options_before_and_after_the_word():
    command = Command("sample", "", "", [Option("-n", "N", "", 1, int), Option("-v", "", "")])
    for words in (["-v", "-n2", "it"], ["it", "-v", "-n", "2"], ["-v", "it", "-n2"]):
        parsed = settings.parse_anywhere(command, words)
        assert (parsed.words, parsed.n, parsed.v) == (["it"], 2, True)
    assert settings.parse_anywhere(command, ["it", "--help"]).wants_help
    with pytest.raises(UsageError):
        settings.parse_anywhere(command, ["it", "-x"])


def test_the_gate_says_in_one_line_what_it_could_not_run(tmp_path):
    done = subprocess.run([f"{ROOT}/tests/bench/run.py", "--kernel", "/dev/null"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "0 passed, 1 failed"
    assert done.stdout.startswith("Exo-OS did not start: QEMU says:") and len(done.stdout.splitlines()) == 2


def test_the_baseline_of_this_tree():
    with open(f"{ROOT}/{baseline.NAME}", encoding="utf-8") as file:
        data = json.load(file)
    for name, operation in data["operations"].items():
        assert 0 < len(operation["functions"]) <= baseline.FUNCTIONS, name
    assert all(raised["reason"] for raised in data["raised"])
