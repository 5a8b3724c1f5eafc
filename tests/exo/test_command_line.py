"""Options, help and the one line that a wrong command line gets."""

import os
import resource
import subprocess

import pytest
from conftest import ROOT
from exo.building import build
from exo.errors import ExoError, UsageError
from exo.options import Command, Option, parse
from exo.running import run

SAMPLE = Command("sample", "Does nothing.", "[OPTION]… [WORD]…", [
    Option("-n --number", "N", "a number", 1, int), Option("-e --each", "X", "many", None, str, True),
    Option("-v", "", "a flag")])


def exo(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([f"{ROOT}/exo", *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("words", [["-n", "5"], ["-n5"], ["--number=5"], ["--number", "5"]])
def test_all_ways_to_give_a_value(words):
    assert parse(SAMPLE, words + ["rest"]).number == 5


def test_short_flags_in_one_word():
    options = parse(SAMPLE, ["-vvn5", "word"])
    assert (options.v, options.number, options.words) == (True, 5, ["word"])


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
                                   ["test", "--help"], ["test", "unit", "a", "-h"],
                                   ["calls", "--help"], ["version", "--help"], ["check", "--help"], ["help"]])
def test_help(words):
    done = exo(*words)
    assert done.returncode == 0 and done.stdout.startswith("usage: ./exo ") and not done.stderr


@pytest.mark.parametrize("words, message", [
    (["nope"], "exo: unknown command nope (see './exo --help')"),
    (["--nope"], "exo: unknown option --nope (see './exo --help')"),
    (["run", "--nope"], "exo: unknown option --nope (see './exo run --help')"),
    (["run", "-m", "lots", "--", "true"], "exo: -m lots: not a size in MiB, like 256 or 1G (see './exo run --help')"),
    (["run", "-m", "0", "--", "true"], "exo: -m 0: it should be 1 MiB at least (see './exo run --help')"),
    (["run", "-e", "=x"], "exo: -e =x: it should be KEY=VALUE (see './exo run --help')"),
    (["run", "-e", "NOT_SET_HERE"], "exo: -e NOT_SET_HERE: not set here, and no value is given (see './exo run --help')"),
    (["run", "-w", "tmp"], "exo: -w tmp: it should begin with '/' (see './exo run --help')"),
    (["run", "--timeout", "-1"], "exo: --timeout -1: not a positive number of seconds (see './exo run --help')"),
    (["run", "-v", "/a:/b", "--", "true"],
     "exo: -v /a:/b: there are no volumes yet; use --copy HOST:GUEST (see './exo run --help')"),
    (["run", "-v", "--", "true"], "exo: -v --: it stands for volumes, which are not there yet (use --copy); --verbose has no letter "
     "(see './exo run --help')"),
    (["run", "--kill-keys", "ctrl-", "true"],
     "exo: --kill-keys ctrl-: it should be 'none' or keys like 'ctrl-],ctrl-],q' (see './exo run --help')"),
    (["run", "--stop-timeout", "soon"], "exo: --stop-timeout soon: not a number of seconds (see './exo run --help')"),
    (["run", "--accel", "hvf"], "exo: --accel hvf: it should be tcg or kvm (see './exo run --help')"),
    (["run", "-itx"], "exo: -t takes no value (see './exo run --help')"),
    (["run", "--copy", "x"], "exo: --copy x: it should be HOST:GUEST (see './exo run --help')"),
    (["run", "--copy", "x:y"], "exo: --copy x:y: the path in the guest must begin with '/' (see './exo run --help')"),
    (["run", "--machine", "pdp11"], "exo: --machine pdp11: it should be microvm or q35 (see './exo run --help')"),
    (["run", "--rootfs", "/no/such"], "exo: --rootfs: /no/such: No such file or directory"),
    (["run", "--rootfs", ROOT + "/LICENSE", "--kernel", "/dev/null"],
     f"exo: {ROOT}/LICENSE: neither a folder, nor a newc cpio archive, nor a tar archive"),
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
    (["test", "nope"], "exo: unknown suite nope; there are model, exo, unit, bench, shell, kernel, linux, cross, hostile, "
     "census, kcsan, python, coverage (see './exo test --help')"),
    (["test", "unit", "a", "--what"], "exo: unit has no option --what (see './exo test --help')"),
    (["test", "cross", "--cuont", "3"], "exo: cross has no option --cuont; did you mean --count? (see './exo test cross --help')"),
    (["chek"], "exo: unknown command chek; did you mean check? (see './exo --help')"),
    (["version", "now"], "exo: version takes no words, and there is now (see './exo version --help')"),
    (["check", "kernel"], "exo: check takes no words, and there is kernel (see './exo check --help')"),
    (["run", "--cpu", "2"], "exo: unknown option --cpu; did you mean --cpus? (see './exo run --help')"),
    (["run", "-p", "80:x"], "exo: -p 80:x: x is no port, which is a number from 1 to 65535 (see './exo run --help')"),
    (["run", "-P"], "exo: there is no option -P: -p PORT publishes one port of the machine, and -p FIRST-LAST several (see './exo run --help')"),
    (["run", "--net", "host"], "exo: --net host: it should be none or user (see './exo run --help')"),
    (["run", "--privileged"], "exo: there is no option --privileged: root inside is root of its own machine only (see './exo run --help')"),
    (["trace", "-p", "1"], "exo: there is no option -p: a machine is traced from its first program on, and a running program of this "
     "system never (see './exo trace --help')"),
    (["build", "nope"], "exo: unknown preset nope; there are release, dev, debug, kcsan, coverage, hosted, hosted-tsan, hosted-bench (see './exo build --help')"),
])
def test_one_line_for_what_is_wrong(words, message):
    done = exo(*words)
    assert done.returncode == 125
    assert done.stderr.splitlines()[-1] == message
    assert not done.stdout


@pytest.mark.parametrize("words, message", [
    (["--copy", "/no/such:/a"], "--copy: /no/such: No such file or directory"),
    (["--env-file", "/no/such"], "--env-file: /no/such: No such file or directory"),
    (["--packages-file", "/no/such"], "--packages-file: /no/such: No such file or directory"),
    (["--result", "/no/such/file"], "--result: /no/such/file: No such file or directory"),
    (["--image", "oci:/no/such"], "--image oci:/no/such: /no/such: No such file or directory"),
    (["--kernel", f"{ROOT}/LICENSE"], f"--kernel: {ROOT}/LICENSE: no kernel: neither an ELF file nor a bzImage of Linux"),
    (["--rootfs", "/tmp", "--image", "oci:/tmp"], "--rootfs and --image name 2 root file systems (see './exo run --help')"),
])
def test_files_are_looked_at_before_anything_is_built(words, message, monkeypatch):
    monkeypatch.setattr(build, "ensure", lambda preset: pytest.fail("built"))
    monkeypatch.setattr(build, "ensure_init", lambda: pytest.fail("built"))
    with pytest.raises(ExoError) as failure:
        run.prepare(parse(run.COMMAND, words))
    assert str(failure.value) == message


def test_help_of_a_command():
    assert exo("help", "run").stdout == exo("run", "--help").stdout


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_says_whether_a_machine_is_a_boundary(words):
    lines = exo(*words).stdout.splitlines()
    assert lines[0].startswith("Exo-OS 6.") and lines[1].startswith("QEMU")
    assert lines[2] == "--accel tcg (the default): emulated: not a security boundary"
    assert lines[3].startswith("--accel kvm: can")


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["version"], ["calls"], ["calls", "read"]])
def test_output_that_cannot_be_written_is_one_line(words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([f"{ROOT}/exo", *words], stdout=full, stderr=subprocess.PIPE, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (125, b"exo: No space left on device\n")


@pytest.mark.parametrize("words", [["--help"], ["calls"]])
def test_output_that_nobody_reads_is_no_line(words):
    process = subprocess.Popen([f"{ROOT}/exo", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (125, b"")


def test_a_message_that_nobody_reads():
    process = subprocess.Popen([f"{ROOT}/exo", "nope"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    process.stderr.close()
    assert (process.wait(60), process.stdout.read()) == (125, b"")


@pytest.mark.parametrize("limit, value, message", [
    (resource.RLIMIT_NOFILE, 12, "Too many open files"), (resource.RLIMIT_FSIZE, 0, "File too large"),
    (resource.RLIMIT_NPROC, 0, "QEMU cannot be started: Resource temporarily unavailable")])
def test_a_limit_is_one_line(limit, value, message):
    def restrict() -> None:
        if limit == resource.RLIMIT_NPROC and os.geteuid() == 0:  # which this limit does not bind
            os.setgroups([])
            os.setresuid(65534, 65534, 65534)
        resource.setrlimit(limit, (value, value))

    done = subprocess.run([f"{ROOT}/exo", "run", "--kernel", f"{ROOT}/build/init/init", "--", "true"], preexec_fn=restrict,
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (125, f"exo: {message}\n")


def test_it_runs_from_anywhere_and_through_a_link(tmp_path):
    (tmp_path / "link").symlink_to(f"{ROOT}/exo")
    for words in ([f"{ROOT}/exo"], [str(tmp_path / "link")], ["sh", f"{ROOT}/exo"]):
        assert subprocess.run([*words, "--help"], cwd=tmp_path, capture_output=True).returncode == 0


def test_nothing_is_written_beside_the_sources():
    exo("run", "--help")
    found = subprocess.run(["find", f"{ROOT}/tools", "-name", "__pycache__"], capture_output=True, text=True).stdout
    assert found == ""
