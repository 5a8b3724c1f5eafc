"""The shell on a terminal: prompt, echo, line editing, control characters, window size, leaving."""

import os
import signal
import termios
import time

import pexpect
import pytest
from conftest import EXO, TerminalSession, children, command


def test_prompt_and_echo(shell):
    shell.send("echo hel")
    shell.expect("echo hel")
    shell.send("lo\r")
    shell.expect("\r\nhello\r\n")
    shell.prompt()


def test_output_lines_end_with_carriage_return(shell):
    shell.sendline("printf 'a\\nb\\n'")
    shell.expect("\r\na\r\nb\r\n")


def test_backspace_edits_the_line(shell):
    shell.send("echo abx\x7fc\r")
    shell.expect("\r\nabc\r\n")


def test_kill_character_clears_the_line(shell):
    shell.send("echo wrong\x15echo right\r")
    shell.expect("\r\nright\r\n")
    shell.prompt()


def test_canonical_editing_outside_the_shell(shell):
    shell.sendline("read -r line; echo \"[$line]\"")
    shell.send("wrong\x15one twp\x7fo three\x17four\r")
    shell.expect(r"\[one two four\]")


def test_ctrl_c_interrupts_a_program_and_the_shell_lives(shell):
    shell.sendline("sleep 1000")
    shell.expect("\r\n")
    shell.send("\x03")
    shell.prompt()
    assert shell.ask("echo $?") == "130\n"


def test_ctrl_c_discards_the_line(shell):
    shell.send("echo never")
    shell.expect("echo never")
    shell.send("\x03")
    shell.prompt()
    assert shell.ask("echo ok") == "ok\n"


def test_ctrl_d_ends_the_input_of_a_program(shell):
    shell.sendline("cat; echo ended")
    shell.sendline("line")
    shell.expect("line\r\nline\r\n")
    shell.send("\x04")
    shell.expect("ended\r\n")


def test_ctrl_d_leaves_the_shell_with_the_last_status(shell):
    shell.ask("false")
    shell.send("\x04")
    assert shell.finish() == 1


@pytest.mark.parametrize("status", [0, 7, 255])
def test_exit_status_of_the_shell(shell, status):
    shell.sendline(f"exit {status}")
    assert shell.finish() == status


def test_poweroff_ends_the_machine(shell):
    shell.sendline("poweroff -f")
    assert shell.finish() == 0


def test_the_streams_are_the_terminal(shell):
    assert shell.ask("for i in 0 1 2; do test -t $i && echo $i; done") == "0\n1\n2\n"
    assert shell.ask("tty") == "/dev/hvc0\n"
    assert shell.ask("echo $TERM $HOME") == "vt100 /root\n"


def test_window_size_at_the_start_and_later(shell):
    assert shell.ask("stty size") == "33 101\n"
    # A shell of its own, so that it belongs to the foreground process group, which SIGWINCH goes to.
    shell.sendline("sh -c 'trap \"echo resi\"zed WINCH; echo rea\"\"dy; while :; do sleep 0.2; done'")
    shell.expect("ready")
    shell.setwinsize(40, 120)
    shell.expect("resized")
    shell.send("\x03")
    shell.prompt()
    assert shell.ask("stty size") == "40 120\n"


def test_a_long_output_arrives_whole(shell):
    shell.sendline("seq 1 20000; echo do''ne")
    shell.expect("done\r\n")
    assert shell.before.partition("\r\n")[2] == "".join(f"{number}\r\n" for number in range(1, 20001))


def test_a_slow_terminal_loses_nothing():
    session = TerminalSession("--", "seq", "1", "200000")
    time.sleep(5)
    session.expect(pexpect.EOF)
    assert session.before == "".join(f"{number}\r\n" for number in range(1, 200001))


def test_bytes_pass_unchanged_in_raw_mode(shell):
    shell.sendline("stty raw -echo; echo rea''dy; dd bs=1 count=5 2>/dev/null | od -An -tx1; stty sane")
    shell.expect("ready")
    shell.send("\x03\x04\x1a\x00\r")
    shell.expect("03 04 1a 00 0d")


def test_type_ahead_is_not_lost():
    session = TerminalSession()
    session.send("echo early\r")
    session.expect("\r\nearly\r\n")
    session.sendline("exit")
    assert session.finish() == 0


def test_the_terminal_is_restored():
    session = pexpect.spawn("/bin/sh", timeout=60, encoding="utf-8", env={"PS1": "outside> ", "PATH": "/usr/bin:/bin"})
    session.expect("outside> ")
    session.sendline("before=$(stty -g)")
    session.expect("outside> ")
    session.sendline(" ".join(f"'{word}'" for word in command("--", "true")) + '; test "$before" = "$(stty -g)" && echo sa""me')
    session.expect("same")
    session.close(force=True)


def test_stopping_and_continuing_restores_the_terminal():
    session = pexpect.spawn("/bin/sh", ["-i"], timeout=60, encoding="utf-8", env=os.environ | {"PS1": "outside> ", "ENV": ""})
    session.expect("outside> ")
    words = " ".join(f"'{word}'" for word in command("--", "sh", "-c", "echo ready; read -r a; echo got $a"))
    session.sendline(words)
    session.expect("ready\r\n")
    (exo,) = children(session.pid)
    os.kill(exo, signal.SIGTSTP)
    session.expect("outside> ")
    session.sendline("stty -a | grep -o ' icanon'")
    session.expect("\r\n icanon\r\n")
    session.sendline("fg")
    session.expect("\r\n")
    session.send("word\r")
    session.expect("got word\r\n")
    session.close(force=True)


def test_a_program_on_the_terminal_without_a_shell():
    session = TerminalSession("--", "sh", "-c", "echo one; tty; exit 3")
    session.expect("one\r\n/dev/hvc0\r\n")
    assert session.finish() == 3


def test_terminal_input_with_piped_output(tmp_path):
    """Only the standard input is a terminal: its echo appears there, the output goes to the file."""
    words = " ".join(f"'{word}'" for word in command("--", "cat"))
    session = pexpect.spawn("/bin/sh", ["-c", f"{words} >{tmp_path}/out 2>{tmp_path}/err"], timeout=60, encoding="utf-8")
    # Before exo has taken the terminal over, its own line discipline would keep the Ctrl-D.
    while termios.tcgetattr(session.child_fd)[3] & termios.ICANON:
        time.sleep(0.02)
    session.send("hello\r")
    session.expect("hello\r\n")
    session.send("\x04")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 0
    assert (tmp_path / "out").read_bytes() == b"hello\n"


def test_piped_input_with_terminal_output():
    words = " ".join(f"'{word}'" for word in command("--", "sh", "-c", "cat; test -t 1 && echo tty; test -t 0 || echo pipe"))
    session = pexpect.spawn("/bin/sh", ["-c", f"echo data | {words}"], timeout=60, encoding="utf-8")
    session.expect("data\r+\ntty\r+\npipe\r+\n")
    session.expect(pexpect.EOF)


def test_ctrl_c_before_the_program_runs_ends_the_machine():
    session = TerminalSession("--verbose")
    session.expect("-append")
    session.send("\x03")
    assert session.finish() == 130


def test_help_needs_no_machine():
    assert "--rootfs" in pexpect.run(f"{EXO} run --help", encoding="utf-8")
