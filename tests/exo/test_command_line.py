"""Options, help and the one line that a wrong command line gets."""

import subprocess

import pytest
from conftest import ROOT
from exo.options import Command, Option, parse
from exo.errors import UsageError

SAMPLE = Command("sample", "Does nothing.", "[OPTION]… [WORD]…", [
    Option("-n --number", "N", "a number", 1, int), Option("-e --each", "X", "many", None, str, True),
    Option("-v", "", "a flag")])


def exo(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([f"{ROOT}/exo", *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("words", [["-n", "5"], ["-n5"], ["--number=5"], ["--number", "5"]])
def test_all_ways_to_give_a_value(words):
    assert parse(SAMPLE, words + ["rest"]).number == 5


def test_options_end_at_the_first_word():
    options = parse(SAMPLE, ["-v", "-e", "a", "-ea=b", "word", "-n", "5"])
    assert (options.v, options.each, options.number, options.words) == (True, ["a", "a=b"], 1, ["word", "-n", "5"])
    assert parse(SAMPLE, ["--", "-v"]).words == ["-v"]
    assert parse(SAMPLE, ["-"]).words == ["-"]


@pytest.mark.parametrize("words, message", [
    (["-x"], "unknown option -x"), (["--nope=1"], "unknown option --nope"), (["-n"], "-n needs N"),
    (["-n", "x"], "-n x:"), (["-v1"], "-v takes no value")])
def test_wrong_options(words, message):
    with pytest.raises(UsageError, match=message):
        parse(SAMPLE, words)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["debug", "--help"], ["build", "-h"],
                                   ["test", "--help"], ["calls", "--help"], ["check", "--help"], ["help"]])
def test_help(words):
    done = exo(*words)
    assert done.returncode == 0 and done.stdout.startswith("usage: ./exo ") and not done.stderr


@pytest.mark.parametrize("words, message", [
    (["nope"], "exo: unknown command nope (see './exo --help')"),
    (["--nope"], "exo: unknown option --nope (see './exo --help')"),
    (["run", "--nope"], "exo: unknown option --nope (see './exo run --help')"),
    (["run", "-m", "lots", "--", "true"], "exo: -m lots: not a size in MiB, like 256 or 1G (see './exo run --help')"),
    (["run", "-m", "0", "--", "true"], "exo: -m 0: too small (see './exo run --help')"),
    (["run", "-e", "=x"], "exo: -e =x: it should be KEY=VALUE (see './exo run --help')"),
    (["run", "-e", "NOT_SET_HERE"], "exo: -e NOT_SET_HERE: not set here, and no value is given (see './exo run --help')"),
    (["run", "-w", "tmp"], "exo: -w tmp: it should begin with '/' (see './exo run --help')"),
    (["run", "--timeout", "-1"], "exo: --timeout -1: not a positive number of seconds (see './exo run --help')"),
    (["run", "--copy", "x"], "exo: --copy x: it should be HOST:GUEST (see './exo run --help')"),
    (["run", "--copy", "x:y"], "exo: --copy x:y: the path in the guest must begin with '/' (see './exo run --help')"),
    (["run", "--machine", "pdp11"], "exo: --machine pdp11: it should be microvm or q35 (see './exo run --help')"),
    (["run", "--rootfs", "/no/such"], "exo: --rootfs: /no/such: No such file or directory"),
    (["run", "--rootfs", ROOT + "/LICENSE", "--kernel", "/dev/null"],
     f"exo: {ROOT}/LICENSE: neither a folder nor a newc cpio archive"),
    (["run", "--kernel", "/no/such"], "exo: --kernel: /no/such: not there, or not readable"),
    (["run", "--kernel", "/dev/null", "--kernel-log", "/no/such/file"],
     "exo: --kernel-log: /no/such/file: No such file or directory"),
    (["run", "--kernel", "/dev/null", "--", ""], "exo: the command is empty (see './exo run --help')"),
    (["debug", "--seed", "5", "--suite", "unit"],
     "exo: --suite: there is no suite unit with seeds; there are cross and hostile (see './exo debug --help')"),
    (["debug", "--seed", "5.7"], "exo: --seed: 5.7 is no seed of hostile (see './exo debug --help')"),
    (["debug", "--seed", "5", "--kept", "1"], "exo: --kept: either a seed or a kept sequence (see './exo debug --help')"),
    (["debug", "--kept", "one"], "exo: --kept: one is no line of kept.jsonl (see './exo debug --help')"),
    (["debug", "--seed", "5", "--area", "tty"],
     "exo: --area: it says how a seed of --suite cross was run (see './exo debug --help')"),
    (["debug", "--kind", "race"], "exo: --area and --kind: say which sequence, with --seed (see './exo debug --help')"),
    (["test", "nope"], "exo: unknown suite nope (see './exo test --help')"),
    (["build", "nope"], "exo: unknown preset nope; there are release, debug, coverage, hosted, hosted-tsan (see './exo build --help')"),
])
def test_one_line_for_what_is_wrong(words, message):
    done = exo(*words)
    assert done.returncode == 125
    assert done.stderr.splitlines()[-1] == message
    assert not done.stdout


def test_it_runs_from_anywhere_and_through_a_link(tmp_path):
    (tmp_path / "link").symlink_to(f"{ROOT}/exo")
    for words in ([f"{ROOT}/exo"], [str(tmp_path / "link")], ["sh", f"{ROOT}/exo"]):
        assert subprocess.run([*words, "--help"], cwd=tmp_path, capture_output=True).returncode == 0


def test_nothing_is_written_beside_the_sources():
    exo("run", "--help")
    found = subprocess.run(["find", f"{ROOT}/tools", "-name", "__pycache__"], capture_output=True, text=True).stdout
    assert found == ""
