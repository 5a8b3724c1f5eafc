"""Two commits side by side, and the work tree that one of them is built in."""

import os
import subprocess

import pytest
from exo.bench import compare, suite, worktree
from exo.errors import ExoError
from test_bench_linux import region
from test_command_line import exo


def run_of(costs: dict, **events) -> suite.Run:
    return suite.Run({name: suite.Operation(name, 10, [cost * 10], [region(0, cost * 10, **events)])
                      for name, cost in costs.items()}, {})


def test_what_changed_most_comes_first():
    found = compare.changes(run_of({"a": 1000, "b": 1000, "c": 1000, "d": 1000, "gone": 1}, cr3=20),
                            run_of({"a": 1004, "b": 1100, "c": 800, "d": 1000, "new": 2}, cr3=10))
    assert [change.name for change in found] == ["new", "gone", "c", "b", "a", "d"]
    text = compare.report(found, "HEAD~1").splitlines()
    assert text[0].split()[:5] == ["operation", "HEAD~1", "this", "tree", "change"]
    assert text[1].split() == ["new", "none", "2"]
    assert text[3].split() == ["c", "1,000", "800", "-20.0%", "cr3", "2", "to", "1"]
    assert text[-1] == "1 need fewer instructions, 1 more, 2 as many to within 0.5%; geometric mean over 4 rows: -3.05%"


def test_nothing_to_compare():
    with pytest.raises(ExoError, match="neither kernel has"):
        compare.changes(suite.Run({}, {"x": "no"}), suite.Run({}, {"x": "no"}))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e"]
    (tmp_path / "file").write_text("content")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(worktree.paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(worktree.paths, "BUILD", str(tmp_path / "build"))
    return tmp_path


@pytest.mark.parametrize("keep", [False, True])
def test_a_build_that_fails_leaves_no_work_tree(repository, monkeypatch, keep):
    def fail(arguments, what, cwd):
        assert os.path.exists(os.path.join(cwd, "file"))
        raise ExoError(f"{what} failed")

    monkeypatch.setattr(worktree.process, "run", fail)
    commit = worktree.resolve("HEAD")
    with pytest.raises(ExoError, match=f"configuring {commit[:12]} failed"):
        worktree.kernel_of(commit, keep)
    assert os.listdir(repository / "build" / "bench" / "worktrees") == ([commit[:12]] if keep else [])
    listed = subprocess.run(["git", "-C", repository, "worktree", "list"], capture_output=True, text=True).stdout
    assert len(listed.splitlines()) == (2 if keep else 1)


def test_a_kernel_is_built_once(repository, monkeypatch):
    def build(arguments, what, cwd):
        os.makedirs(os.path.join(cwd, "build", "release"), exist_ok=True)
        with open(os.path.join(cwd, "build", "release", "exo-os.elf"), "w") as file:
            file.write("kernel")

    monkeypatch.setattr(worktree.process, "run", build)
    commit = worktree.resolve("HEAD")
    path = worktree.kernel_of(commit, False)
    monkeypatch.setattr(worktree.process, "run", None)
    assert worktree.kernel_of(commit, False) == path and open(path).read() == "kernel"


@pytest.mark.parametrize("words, message", [
    ([], "exo: with which commit? Name one, like HEAD (see './exo bench compare --help')"),
    (["no-such-commit"], "exo: git knows no commit no-such-commit"),
    (["HEAD", "more"], "exo: what is more? (see './exo bench compare --help')"),
])
def test_one_line_for_what_is_wrong(words, message):
    done = exo("bench", "compare", *words)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (125, "", message)
