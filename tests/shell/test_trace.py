"""`./exo trace` with a machine: what is traced, where it goes, and what happens when nobody takes it."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import EXO, LIMIT, OPTIONS, ROOT

RACE = os.path.join(ROOT, "tests/shell/programs/changes_while_waiting.c")
EXECUTE = os.path.join(ROOT, "tests/shell/programs/thread_executes.c")


def command(*words: str) -> list[str]:
    return [EXO, "trace", *OPTIONS, *words]


def trace(*words: str, **keywords) -> subprocess.CompletedProcess:
    return subprocess.run(command(*words), capture_output=True, timeout=LIMIT, text=True, stdin=subprocess.DEVNULL, **keywords)


def calls(text: str, name: str) -> list[str]:
    """The lines of a call, without the number of the task and the blanks before the result."""
    lines = [re.sub(r"^(\[pid +\d+\] |\d+ +)", "", one) for one in text.splitlines()]
    return [re.sub(r"\) +=", ") =", one) for one in lines if one.startswith(f"{name}(")]


@pytest.fixture
def compiled(tmp_path):
    def build(source: str) -> str:
        target = str(tmp_path / "program")
        subprocess.run(["gcc", "-O1", "-static", "-pthread", "-o", target, source], check=True, timeout=LIMIT)
        return target
    return build


def test_the_streams_and_the_status_are_the_programs():
    done = trace("--", "sh", "-c", "echo out; exit 3")
    assert (done.returncode, done.stdout) == (3, "out\n")
    lines = done.stderr.splitlines()
    assert re.fullmatch(r'execve\("/bin/sh", \["sh", "-c", "echo out; exit 3"\], 0x[0-9a-f]+ /\* \d vars \*/\) = 0', lines[0])
    assert 'write(1, "out\\n", 4) = 4' in calls(done.stderr, "write")
    assert lines[-1] == "+++ exited with 3 +++"


def test_chosen_calls_in_a_file_with_paths(tmp_path):
    path = tmp_path / "trace"
    done = trace("-o", str(path), "-y", "-e", "trace=openat,close", "--workdir", "/etc", "--", "cat", "passwd")
    assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith("root:")
    lines = path.read_text().splitlines()
    assert calls(path.read_text(), "openat") == ['openat(AT_FDCWD</etc>, "passwd", O_RDONLY) = 3</etc/passwd>']
    assert {line.split()[1].partition("(")[0] for line in lines} <= {"openat", "close", "+++"}


def test_children_and_their_ends(tmp_path):
    # In a file: on standard error the shell's "Terminated" would come between the records at any place.
    path = tmp_path / "trace"
    trace("-o", str(path), "-e", "%process,kill", "--", "sh", "-c", "(exit 7); sh -c 'kill $$'; true")
    text = path.read_text()
    assert re.search(r"^\d+ +exit_group\(7\) +=? ?\?\n\d+ +\+\+\+ exited with 7 \+\+\+", text.replace("= ?", "?"), re.M)
    assert "WIFEXITED(s) && WEXITSTATUS(s) == 7" in text and "WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM" in text
    assert re.search(r"--- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=\d+, si_uid=0, si_status=7, ", text)
    assert re.search(r"^\d+ +--- SIGTERM \{si_signo=SIGTERM, si_code=SI_USER, si_pid=\d+, si_uid=0\} ---\n\d+ +\+\+\+ killed by "
                     r"SIGTERM \+\+\+", text, re.M)
    assert text.endswith("+++ exited with 0 +++\n")


def test_an_end_by_a_signal():
    done = trace("-e", "kill", "--", "sh", "-c", "kill -9 $$")
    assert done.returncode == 128 + 9
    assert done.stderr.splitlines()[-1] == "+++ killed by SIGKILL +++"


def test_what_the_kernel_read_though_another_thread_changes_it(compiled):
    """One thread waits in open and in write while the other changes the path, which has been read, and the data, which has not."""
    done = trace("-e", "openat,write", "--copy", f"{compiled(RACE)}:/race", "--", "/race")
    assert done.returncode == 0 and done.stdout == "after!"
    text = done.stderr
    assert '"/tmp/fifo", O_RDONLY' in text and "/tmp/else" not in text
    assert '"after!", 6) ' in text and '"before' not in text


def test_a_thread_that_executes_a_program(compiled):
    done = trace("-e", "execve", "--copy", f"{compiled(EXECUTE)}:/execute", "--", "/execute")
    assert (done.returncode, done.stdout) == (0, "executed\n")
    assert "+++ superseded by execve in pid 2 +++" in done.stderr
    assert re.search(r"\+\+\+ exited with 0 \+\+\+\n$", done.stderr)


def test_the_table():
    done = trace("-c", "--", "ls", "/")
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and "etc" in done.stdout and lines[0].split()[-1] == "syscall"
    assert any(line.split()[-1] == "getdents64" for line in lines) and "total" in done.stderr


def test_the_table_names_calls_that_the_kernel_lacks(compiled, tmp_path):
    source = tmp_path / "lacking.c"
    source.write_text("#include <sys/syscall.h>\n#include <unistd.h>\nint main(void) { return syscall(SYS_io_uring_setup, 1, 0) != -1; }\n")
    program = compiled(str(source))
    done = trace("-c", "--copy", f"{program}:/lacking", "--", "/lacking")
    assert done.returncode == 0 and re.search(r"^calls that the kernel lacks \(ENOSYS\): .*\bio_uring_setup\b", done.stderr, re.M)


def test_json_lines():
    done = trace("--json", "-e", "write", "--", "echo", "text")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["call", "exit"]
    assert events[0]["arguments"] == ["1", '"text\\n"', "5"] and events[0]["result"] == 5 and events[0]["duration"] > 0
    assert abs(events[0]["time"] / 1e9 - time.time()) < 3600


def test_long_strings_come_whole(tmp_path):
    path = tmp_path / "trace"
    done = trace("-o", str(path), "-s", "60000", "-e", "write", "--", "dd", "if=/dev/zero", "bs=50000", "count=1")
    assert len(done.stdout) == 50000
    assert calls(path.read_text(), "write")[0] == 'write(1, "' + "\\0" * 50000 + '", 50000) = 50000'


def test_interrupting():
    """Ctrl-C, as a shell sends it: the program ends by it, and the trace says so."""
    process = subprocess.Popen(command("-e", "trace=read,pause", "--", "sh", "-c", "echo on; exec sleep 1000"), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "on\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=LIMIT)
    assert process.returncode == 128 + signal.SIGINT
    assert "--- SIGINT {si_signo=SIGINT, si_code=SI_USER, si_pid=1, si_uid=0} ---\n+++ killed by SIGINT +++" in text


def test_the_reader_of_the_trace_leaves():
    """The program goes on untraced, and its status is still its own."""
    process = subprocess.Popen(command("--", "sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i + 1)); done; exit 5"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    process.stderr.close()
    assert process.stdout.read().splitlines()[-1] == "1999"
    assert process.wait(LIMIT) == 5


def test_a_slow_reader_loses_nothing():
    """The traced program waits for it."""
    process = subprocess.Popen(command("-e", "write", "--", "sh", "-c", "i=0; while [ $i -lt 6000 ]; do echo $i; i=$((i + 1)); done"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    lines = calls(process.communicate(timeout=LIMIT)[1], "write")
    assert lines == [f'write(1, "{number}\\n", {len(str(number)) + 1}) = {len(str(number)) + 1}' for number in range(6000)]


def test_a_program_that_waits_for_the_reader_can_be_ended():
    """Nobody reads the trace: the program stands still, and SIGTERM ends it all the same."""
    reader, writer = os.pipe()
    process = subprocess.Popen(command("--stop-timeout", "5", "--", "yes"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    os.read(reader, 1)
    time.sleep(2)
    started = time.monotonic()
    process.terminate()
    status = process.wait(LIMIT)
    os.close(reader)
    assert status in (128 + signal.SIGTERM, 137) and time.monotonic() - started < 20


def test_a_machine_that_is_switched_off():
    """What came before the end is not lost."""
    text = trace("-e", "reboot", "--", "reboot", "-f").stderr
    assert "reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART" in text


@pytest.mark.parametrize("words, status, message", [
    (("--", "nonexistent"), 127, "nonexistent: not found"), (("--", "/etc/passwd"), 126, "Permission denied"),
    (("-o", "/nonexistent/file", "--", "true"), 125, "-o: /nonexistent/file: No such file or directory"),
    (("-e", "opnat", "--", "true"), 125, "there is no call opnat; did you mean open"), (("-s", "x", "--", "true"), 125, "not a number of bytes"),
    ((), 125, "which program?"), (("-e", "inject=read:error=EIO", "--", "true"), 125, "not supported"),
])
def test_bad_command_lines(words, status, message):
    done = trace(*words)
    assert done.returncode == status and message in done.stderr and len(done.stderr.splitlines()) == 1
