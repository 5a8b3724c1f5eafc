"""What the tests of `./exo run` share: starting it with pipes, and starting it on a terminal."""

import os
import re
import shlex
import signal
import subprocess

import pexpect
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXO = os.path.join(ROOT, "exo")
OPTIONS = shlex.split(os.environ.get("EXO_RUN_OPTIONS", ""))
PROMPT = r"[~/\w]* # (\x1b\[6n)?"
LIMIT = 60

# The tests may run under nohup; what they start does not.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def command(*words: str) -> list[str]:
    return [EXO, "run", *OPTIONS, *words]


class Exo:
    """`./exo run` with pipes."""

    def run(self, *words: str, stdin: bytes = b"", timeout: float = LIMIT) -> subprocess.CompletedProcess:
        return subprocess.run(command(*words), input=stdin, capture_output=True, timeout=timeout)

    def sh(self, script: str, **keywords) -> subprocess.CompletedProcess:
        return self.run("--", "sh", "-c", script, **keywords)

    def start(self, *words: str, **keywords) -> subprocess.Popen:
        streams = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return subprocess.Popen(command(*words), **(streams | keywords))


class TerminalSession(pexpect.spawn):
    """`./exo run` on a terminal of 33 rows and 101 columns."""

    def __init__(self, *words: str) -> None:
        super().__init__(EXO, ["run", *OPTIONS, *words], timeout=LIMIT, encoding="utf-8", dimensions=(33, 101),
                         env=os.environ | {"TERM": "vt100"})

    def prompt(self) -> str:
        """Waits for the shell's prompt and returns what came before it."""
        self.expect(PROMPT)
        return self.before

    def ask(self, line: str) -> str:
        """Types a line and returns its output, without the echo and the escape sequences of the line editor."""
        self.sendline(line)
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.prompt()).replace("\r\n", "\n")
        return text.partition("\n")[2]

    def finish(self) -> int:
        """Waits for the end and returns the exit status."""
        self.expect(pexpect.EOF)
        self.close()
        return self.exitstatus


def children(pid: int) -> list[int]:
    """The processes that `pid` has started (proc(5), /proc/PID/task/TID/children)."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture(scope="session", autouse=True)
def built(request) -> None:
    """Builds before any test is timed; not for the tests that bring a kernel of their own."""
    if all(item.path.name == "test_sudden_end.py" for item in request.session.items):
        return
    done = Exo().run("--", "true", timeout=1800)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def exo() -> Exo:
    return Exo()


@pytest.fixture
def shell():
    """An interactive shell that has shown its first prompt."""
    session = TerminalSession()
    session.prompt()
    yield session
    session.close(force=True)
