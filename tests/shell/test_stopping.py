"""Ends of a machine whose program does not end by itself: --stop-timeout, kill keys, halt, a terminal that has gone."""

import os
import subprocess
import time

import pytest
from conftest import TerminalSession, children, command, is_running

STUBBORN = ("--", "sh", "-c", "trap '' INT TERM HUP; echo ready; while :; do sleep 0.1; done")


def stubborn(exo, *options: str) -> subprocess.Popen:
    process = exo.start(*options, *STUBBORN, stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_program_has_the_stop_timeout_after_sigterm(exo):
    process = stubborn(exo, "--stop-timeout", "2")
    asked = time.monotonic()
    process.terminate()
    assert process.wait(60) == 137
    assert time.monotonic() - asked >= 2
    assert process.stderr.read() == b"exo: the program did not end within 2 s of being asked to; its machine was ended\n"


def test_a_second_sigterm_ends_the_machine(exo):
    process = stubborn(exo, "--stop-timeout", "1000")
    process.terminate()
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    assert process.wait(30) == 137
    assert process.stderr.read() == b"exo: the machine was ended by a second SIGTERM\n"


def test_a_program_that_ends_in_time_says_how(exo):
    process = exo.start("--stop-timeout", "50", "--", "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done",
                        stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.wait(60) == 7


def test_output_that_nobody_takes_does_not_keep_the_machine(exo):
    process = exo.start("--stop-timeout", "1", "--", "seq", "1000000", stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"1\n"
    time.sleep(1)  # until all that lies between has been filled
    process.terminate()
    assert process.wait(30) == 137


def test_halt_ends_the_machine(exo):
    done = exo.sh("halt -f", timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("options, keys", [((), "\x1d\x1d\x1d"), (("--kill-keys", "ctrl-a,q"), "\x01q")])
def test_kill_keys(options, keys):
    session = TerminalSession(*options, *STUBBORN)
    session.expect("ready")
    session.send(keys)
    session.expect("\r\nexo: the machine was ended by its kill keys\r\n")
    assert session.finish() == 137


def test_kill_keys_must_come_within_a_second():
    session = TerminalSession(*STUBBORN)
    session.expect("ready")
    for _ in range(3):
        session.send("\x1d")
        time.sleep(0.6)
    assert session.isalive()
    session.close(force=True)


def test_no_kill_keys():
    session = TerminalSession("--kill-keys", "none", "--", "sh", "-c", "echo ready; head -n 1 | od -c")
    session.expect("ready")
    session.send("\x1d\x1d\x1d\r")
    session.expect(r"035 035 035  \\n")
    assert session.finish() == 0


def test_a_terminal_that_nobody_shows_hangs_up():
    """The reader of standard output is the terminal's screen under --tty. The program gets SIGHUP when it has gone."""
    words = command("--tty", "--", "sh", "-c", "trap 'exit 3' HUP; while :; do echo line; sleep 0.1; done")
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"line\r\n"
    process.stdout.close()
    assert process.wait(30) == 3


def test_a_terminal_for_pipes(exo):
    done = exo.run("-it", "--rm", "--", "sh", "-c", "for i in 0 1 2; do test -t $i || echo $i; done; read -r line; echo \"[$line]\"",
                   stdin=b"typed\n")
    assert done.returncode == 0
    assert done.stdout.endswith(b"[typed]\r\n") and done.stderr == b""


def test_the_end_of_a_pipe_is_ctrl_d_on_its_terminal(exo):
    done = exo.run("-t", "--", "sh", "-c", "stty -echo; echo ready; cat", stdin=b"whole\npart")
    assert done.returncode == 0
    assert done.stdout.endswith(b"whole\r\npart")


def test_much_input_for_a_terminal(exo):
    """More than the sockets hold, while the program's output comes over the same connection."""
    lines = b"".join(b"line %d\n" % number for number in range(30000))
    done = exo.run("-t", "--", "sh", "-c", "stty -echo; cat", stdin=lines, timeout=120)
    assert done.returncode == 0 and done.stdout.endswith(lines[-1000:].replace(b"\n", b"\r\n"))


def test_a_terminal_that_goes_away_ends_the_machine():
    """A program that ignores SIGHUP and prints nothing would otherwise go on where nobody sees it."""
    session = TerminalSession("--stop-timeout", "1", "--", "sh", "-c", "trap '' HUP; echo ready; sleep 1000")
    session.expect("ready")
    (machine,) = children(session.pid)
    os.close(session.child_fd)
    deadline = time.monotonic() + 30
    while is_running(machine) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(machine)
