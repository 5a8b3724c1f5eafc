"""`./exo census`: the list and the tasks, what the runner says, masks, verdicts and the page. No machine is started."""

import base64
import hashlib
import importlib.util
import os

import pytest
from exo import suites
from exo.census import catalog, command, compare, machine, masks, page
from exo.census.compare import DIFFERS, NOT_RUN, SAME, UNFIT, Verdict, judge
from exo.census.machine import Frames, Outcome
from exo.errors import ExoError
from exo.roots import debian

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"census_{name}", os.path.join(ROOT, "tests", "census", f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- The list

def test_every_program_has_a_group_and_a_task_that_does_something():
    programs = catalog.programs()
    assert len(programs) == 200 and len({program.name for program in programs}) == 200
    for program in programs:
        assert program.summary and not program.summary.endswith(".")
        assert set(program.masks) <= {*masks.KINDS, masks.CONTENT}
        assert program.text.endswith("\n") and len(program.text.split("\n")) >= 3, program.name


def test_no_task_stands_without_a_program():
    tasks = {name.removesuffix(".sh") for name in os.listdir(os.path.join(catalog.FOLDER, "tasks"))}
    assert tasks == {program.name for program in catalog.programs()}
    assert set(catalog.causes()) <= tasks


def folder_of(path, task: str = "# does it\necho\n", groups: str = "g one +extra\n"):
    (path / "tasks").mkdir()
    (path / "list.txt").write_text("# comment\none section 3 12\n")
    (path / "groups.txt").write_text(groups)
    (path / "tasks" / "one.sh").write_text(task)
    return str(path)


def test_a_task_says_what_it_does_and_what_it_needs(tmp_path):
    [program] = catalog.programs(folder_of(tmp_path, "# sorts\n# mask: times pids\n# limit: 7\n# needs: an internet socket\nsort\n"))
    assert (program.summary, program.masks, program.limit, program.needs) == ("sorts", ["times", "pids"], 7, "an internet socket")
    assert (program.section, program.rank, program.dependents, program.group) == ("section", 3, 12, "g")
    [group] = catalog.groups(str(tmp_path))
    assert group.programs == ["one"] and group.packages == ["extra", "mount", "one"]


@pytest.mark.parametrize("task, groups, message", [
    ("echo\n", "g one\n", "first line should be a comment"), ("# x\n# colour: red\n", "g one\n", "unknown option colour"),
    ("# x\n# limit: soon\n", "g one\n", "no number of seconds"), ("# x\n", "g\n", "no group has one"), ("# x\n", "g one two\n", "two is not in list.txt")])
def test_what_is_wrong_with_the_list_is_said(tmp_path, task, groups, message):
    with pytest.raises(ExoError, match=message):
        catalog.programs(folder_of(tmp_path, task, groups))


def test_programs_are_chosen_by_name_group_and_section():
    programs = catalog.programs()
    assert [program.name for program in catalog.choose(["jq"], programs)] == ["jq"]
    assert {program.group for program in catalog.choose(["vcs"], programs)} == {"vcs"}
    assert {program.section for program in catalog.choose(["sound"], programs)} == {"sound"}
    assert catalog.choose([], programs) == programs
    with pytest.raises(ExoError, match="did you mean git?"):
        catalog.choose(["gitt"], programs)


def test_the_sample_goes_round():
    run = load("run")
    assert run.sample(list("abcde"), 3, 3) == ["d", "e", "a"] and run.sample(list("ab"), 5, 30) == ["b", "a"]


# ---- The ranks

def test_packages_are_ranked_by_those_that_need_them():
    rank = load("rank")
    packages = rank.read_packages(["Package: a\n", "Section: s\n", "Depends: b (>= 1) | c, b:any\n", "\n", "Package: b\n", "Section: s\n",
                                   "Recommends: b, c\n", "\n", "Package: c\n", "Section: s\n", "Pre-Depends: b\n", "\n", "Package: e\n",
                                   "Essential: yes\n", "Section: s\n"])
    assert rank.rank(packages)["s"] == [("e", 3), ("b", 2), ("c", 2), ("a", 0)]


def test_programs_are_files_of_folders_of_PATH():
    rank = load("rank")
    lines = ["usr/bin/x   utils/one,admin/two\n", "usr/share/bin/y utils/one\n", "sbin/z admin/two\n", "usr/lib/jvm/j/bin/k java/three\n"]
    assert rank.read_programs([lines]) == {"one": {"x"}, "two": {"x", "z"}, "three": {"k"}}
    assert rank.reason("libx", {"libx": {"x"}}, {}) and rank.reason("one", {}, {}) == "no program"
    assert rank.reason("one", {"one": {"x"}}, {}) is None and rank.reason("one", {"one": {"x"}}, {"one": "why"}) == "why"


def test_the_quotas_make_two_hundred():
    rank = load("rank")
    assert sum(rank.QUOTAS.values()) == 200 and not set(rank.QUOTAS) & set(rank.SECTIONS_WITHOUT)


# ---- What the runner says

def frames_of(lines: list[str]) -> tuple[Frames, dict[str, Outcome]]:
    found: dict[str, Outcome] = {}
    frames = Frames(found.__setitem__)
    for line in lines:
        frames.take(line)
    return frames, found


def task(name: str, report: bytes, status: int = 0) -> list[str]:
    return [f"@@RUN {name}", *(f"@@DATA {base64.b64encode(report[at:at + 57]).decode()}" for at in range(0, len(report), 57)),
            f"@@END {name} {status} {hashlib.sha256(report).hexdigest()}"]


def test_a_report_is_taken_apart():
    digest = "ab" * 32
    report = f"printed\nlines\n\n@@FILES\nd 755 - ./d\nf 644 3 ./d/x y\nl ./l -> d/x y\np 600 - ./fifo\n{digest}  ./d/x y\n".encode()
    frames, found = frames_of(["[ 1.0] a word of the kernel", *task("one", report, 3), "@@DONE"])
    assert frames.is_done and found["one"].status == "3" and found["one"].output == "printed\nlines\n"
    assert found["one"].files == ["d 755 - - ./d", f"f 644 3 {digest} ./d/x y", "p 600 - - ./fifo", "l - - - ./l -> d/x y"]


def test_time_that_is_over_has_no_status():
    assert frames_of(task("one", b"\n@@FILES\n", 124))[1]["one"].status == "its time was over"


def test_a_damaged_report_is_seen():
    lines = task("one", b"text\n@@FILES\n")
    lines[1] = lines[1].replace("d", "e", 1)
    assert frames_of(lines)[1]["one"].status == "its report did not arrive whole"
    assert frames_of(task("one", b"x")[:1])[0].running == "one"


def test_a_task_that_ends_the_machine_is_done_again_alone(monkeypatch):
    boots: list[list[str]] = []

    def boot(self, kernel, archive, programs, conditions, frames):
        names = [program.name for program in programs]
        boots.append(names)
        for name in names:
            if name == "bad":
                frames.take("@@RUN bad")
                frames.take("kernel panic: no")
                return "the machine ended"
            for line in task(name, b"\n@@FILES\n"):
                frames.take(line)
        frames.take("@@DONE")
        return ""

    monkeypatch.setattr(machine.Machines, "_boot", boot)
    programs = [catalog.Program(name, "s", 1, 1, "g", "# x\n") for name in ("one", "bad", "two")]
    found: dict[str, Outcome] = {}
    machine.Machines().run("kernel", "archive", programs, machine.FIRST, found.__setitem__)
    assert boots == [["one", "bad", "two"], ["bad"], ["two"]]
    assert {name: outcome.status for name, outcome in found.items()} == {"one": "0", "bad": "the machine ended", "two": "0"}
    assert "kernel panic" in found["bad"].log


# ---- Masks and verdicts

@pytest.mark.parametrize("kind, first, second", [
    ("times", "Mon Jan  1 00:00:07 UTC 2024", "Tue Feb 13 13:37:48 UTC 2024"), ("times", "2024-01-01T00:00:07Z", "2024-02-12 13:37:41Z"),
    ("times", "done in 0.12s", "done in 3.4s"), ("identities", "id 0d9f6f6e-1b2c-4d5e-8f90-aabbccddeeff", "id 11111111-2222-4333-8444-555555555555"),
    ("names", "/tmp/tmp.Ab12 made", "/tmp/tmp.Zz99 made"), ("addresses", "at 0x7ffd1234", "at 0x55aa0000"), ("pids", "pid 12 ended", "pid 345 ended"),
    ("numbers", "free: 1234 of 5", "free: 99 of 5"), ("tokens", "key AbCdEfGhIjKlMnOpQrStUv==", "key zzzzzzzzzzzzzzzzzzzzzzzz")])
def test_each_kind_hides_what_it_is_for_and_is_needed(kind, first, second):
    assert masks.mask(first, (kind,)) == masks.mask(second, (kind,))
    assert masks.needed(first, second) is not None and masks.needed("same", "same") == ()
    assert masks.mask("plain words", tuple(masks.KINDS)) == "plain words"


def test_the_fewest_kinds_are_taken_and_words_are_never_masked():
    assert masks.needed("at 0x12 on 2024-01-01", "at 0x13 on 2024-01-02") == ("times", "addresses")
    assert masks.needed("pid 1", "pid 2", ("times",)) == ("times", "pids")
    assert masks.needed("yes", "no") is None


FILE = f"f 644 3 {'0' * 64} ./x"


def outcome(output: str = "text\n", status: str = "0", files: tuple[str, ...] = (FILE,)) -> Outcome:
    return Outcome(status, output, list(files))


def test_what_is_the_same_is_the_same():
    verdict = judge(outcome(), outcome(), outcome())
    assert (verdict.result, verdict.masks) == (SAME, ()) and compare.is_plainly_same(outcome(), outcome())
    assert judge(outcome("at 00:00:01"), outcome("at 13:37:00"), outcome("at 07:00:00")).masks == ("times",)


@pytest.mark.parametrize("here, words", [
    (outcome("other\n"), "+other"), (outcome(status="1"), "exit status 1, on Linux 0"), (outcome(status="the machine ended"), "the machine ended"),
    (outcome(files=()), "the files that it leaves"), (outcome(files=(FILE.replace("644", "600"),)), "600"),
    (outcome(files=(FILE.replace("000 ./x", "111 ./x"),)), "the files that it leaves")])
def test_each_difference_is_seen(here, words):
    verdict = judge(outcome(), outcome(), here)
    assert verdict.result == DIFFERS and words in verdict.why


def test_a_mask_hides_no_more_than_what_varies_on_linux():
    verdict = judge(outcome("at 00:00:01\nsum 5\n"), outcome("at 13:37:00\nsum 5\n"), outcome("at 01:00:00\nsum 6\n"))
    assert verdict.result == DIFFERS and "+sum 6" in verdict.why


def test_content_that_varies_on_linux_is_not_compared_but_its_name_and_mode_are():
    other = FILE.replace("000 ./x", "222 ./x")
    assert judge(outcome(), outcome(files=(other,)), outcome(files=(FILE.replace("000 ./x", "333 ./x"),))).masks == (masks.CONTENT,)
    assert judge(outcome(), outcome(files=(other,)), outcome(files=(FILE.replace("644", "600"),))).result == DIFFERS


@pytest.mark.parametrize("second", [outcome(status="1"), outcome("other words\n"), outcome(files=())])
def test_a_task_that_differs_on_linux_is_unfit(second):
    assert judge(outcome(), second, outcome("x")).result == UNFIT
    assert judge(outcome(status="its time was over"), outcome(status="its time was over"), outcome()).result == UNFIT


# ---- The page

def test_the_page_names_every_program_and_why_it_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "DATA", str(tmp_path / "census.json"))
    monkeypatch.setattr(page, "PAGE", str(tmp_path / "census.md"))
    programs = [catalog.Program(name, "utils", rank, 5, "g", text) for rank, (name, text) in enumerate(
        [("good", "# sorts\n"), ("bad", "# cuts | joins\n"), ("net", "# fetches\n# needs: an internet socket\n"), ("late", "# waits\n")], 1)]
    verdicts = {"good": Verdict(SAME, ("times",)), "bad": Verdict(DIFFERS, (), "--- Linux\n+++ Exo-OS\n-a\n+b|c"), "net": Verdict(NOT_RUN)}
    page.save(programs, verdicts, {"bad": "msgget: not there"}, "linux 6.1", 125.0)
    text = (tmp_path / "census.md").read_text()
    assert "| bad | -a | msgget: not there |" in text and "| good | utils | 5 | sorts | same | times |" in text
    assert "| net | utils | 5 | fetches | needs an internet socket |" in text and "not yet run" in text and "2 minutes" in text
    assert page.passed_before() == {"good"}
    # A later run of one program leaves what is known of the others.
    page.save(programs, {"bad": Verdict(SAME)}, {}, "linux 6.1", None)
    assert page.passed_before() == {"good", "bad"} and "2 minutes" in (tmp_path / "census.md").read_text()


def test_the_list_is_shown_and_bad_words_are_refused(capsys):
    assert command.main(["--list", "vcs"]) == 0
    assert "commits, branches" in capsys.readouterr().out
    with pytest.raises(ExoError, match="there is no program, group or section"):
        command.main(["qqqqqqqq"])
    with pytest.raises(ExoError, match="above 0"):
        command.main(["--jobs", "0", "jq"])


# ---- Thirty in turn

def test_only_programs_with_a_kept_root_run_among_all_suites(monkeypatch, capsys):
    run = load("run")
    groups = [catalog.Group("there", ["a", "b"], []), catalog.Group("absent", ["c"], [])]
    monkeypatch.setattr(run.debian, "is_kept", lambda packages: "a" in packages)
    programs = [catalog.Program(name, "utils", 1, 1, group, "# does\n") for name, group in (("a", "there"), ("c", "absent"), ("b", "there"))]
    assert [program.name for program in run.with_roots(programs, groups)] == ["a", "b"]
    assert capsys.readouterr().out == "not run, because no root is kept for them ('./exo census GROUP' makes one): absent\n"
    assert run.sample([], 7) == [] and [program.name for program in run.sample(programs, 4, 2)] == ["c", "b"]


def test_a_root_is_kept_when_its_archive_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    root = "0" * 32
    debian.cache.write_json(debian._request_path(["a", "b"]), {"root": root})
    assert not debian.is_kept(["b", "a"])
    archive = debian.cache.folder("roots", f"{root}.cpio")
    os.makedirs(os.path.dirname(archive))
    open(archive, "w").close()
    assert debian.is_kept(["b", "a"]) and not debian.is_kept(["a"])


def test_the_suite_of_the_census_may_find_nothing_to_run_and_no_other_may(monkeypatch, tmp_path):
    for name, failed in (("census", 0), ("cross", 1)):
        [suite] = [suite for suite in suites.SUITES if suite.name == name]
        monkeypatch.setattr(suite, "log", lambda: str(tmp_path / "log"))
        monkeypatch.setattr(suite, "commands", lambda words: [["echo", "0 passed, 0 failed"]])
        assert suites._run(suite, [], show=False).failed == failed
