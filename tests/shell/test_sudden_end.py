"""What `exo run` makes of a machine that ends, or does not, without a word from init; with kernels of ten lines."""

import os
import subprocess

import pytest
from conftest import EXO, ROOT

DEBUG_EXIT, TRIPLE_FAULT, NEVER = range(3)
REPORT = "[    0.000001] booting\n\nkernel panic: a test\n  rip 0000000000000000\n"


@pytest.fixture
def kernel(tmp_path):
    def build(ending: int, text: str) -> str:
        quoted = text.replace("\n", "\\n")
        subprocess.run(["clang-19", "--target=x86_64-unknown-none-elf", f"-DENDING={ending}", f'-DTEXT="{quoted}"', "-c",
                        os.path.join(ROOT, "tests", "shell", "fake_kernel.S"), "-o", tmp_path / "kernel.o"], check=True)
        subprocess.run(["ld.lld-19", "-Ttext=0x100000", "--entry=0", "-o", tmp_path / "kernel", tmp_path / "kernel.o"],
                       check=True)
        return str(tmp_path / "kernel")
    return build


def run(kernel: str, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run([EXO, "run", "--kernel", kernel, *options, "--", "true"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def test_a_panic_is_reported(kernel):
    done = run(kernel(DEBUG_EXIT, REPORT))
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == "kernel panic: a test\n  rip 0000000000000000\nexo: the kernel panicked\n"


def test_a_panic_is_reported_and_logged(kernel, tmp_path):
    done = run(kernel(DEBUG_EXIT, REPORT), "--kernel-log", f"{tmp_path}/log")
    assert done.stderr.endswith("exo: the kernel panicked\n")
    assert (tmp_path / "log").read_text() == REPORT


def test_a_triple_fault(kernel):
    done = run(kernel(TRIPLE_FAULT, "last words\n"))
    assert done.returncode == 125
    assert done.stderr == "last words\nexo: the machine ended before the program did (QEMU's exit status 0)\n"


def test_an_end_that_looks_orderly_but_comes_before_the_program(kernel):
    assert run(kernel(DEBUG_EXIT, "reboot: Power down\n")).returncode == 125


@pytest.mark.parametrize("machine", ["microvm", "q35"])
def test_a_kernel_that_hangs(kernel, machine):
    done = run(kernel(NEVER, ""), "--timeout", "1", "--machine", machine)
    assert (done.returncode, done.stderr) == (124, "exo: timed out after 1 s\n")


@pytest.mark.parametrize("number, status", [(2, 130), (15, 143), (1, 129)])
def test_a_signal_before_the_program_runs(kernel, tmp_path, number, status):
    process = subprocess.Popen([EXO, "run", "--kernel", kernel(NEVER, "up\n"), "--kernel-log", f"{tmp_path}/log", "--", "true"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "log").exists() or not (tmp_path / "log").read_text():
        assert process.poll() is None
    process.send_signal(number)
    assert process.wait(30) == status


def test_a_file_that_is_no_kernel(kernel, tmp_path):
    (tmp_path / "text").write_text("no kernel" * 1000)
    done = run(str(tmp_path / "text"))
    assert done.returncode == 125
    assert done.stderr == f"exo: --kernel: {tmp_path}/text: no kernel: neither an ELF file nor a bzImage of Linux\n"


def test_a_kernel_that_qemu_refuses(kernel, tmp_path):
    (tmp_path / "elf").write_bytes(b"\x7fELF" + b"no kernel" * 1000)
    done = run(str(tmp_path / "elf"))
    assert done.returncode == 125
    assert done.stderr.startswith("exo: QEMU: ") and len(done.stderr.splitlines()) == 1


def test_debug_waits_for_gdb_and_says_how_to_attach(kernel, tmp_path):
    process = subprocess.Popen([EXO, "debug", "--kernel", kernel(DEBUG_EXIT, "reached\n"), "--kernel-log", f"{tmp_path}/log",
                                "--", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    assert process.stderr.readline() == "exo: waiting for gdb; in another terminal:\n"
    command = process.stderr.readline().strip()
    assert command.startswith(f"gdb {tmp_path}/kernel -ex 'target remote ")
    while not os.path.exists(command.split("'")[1].split()[-1]):
        assert process.poll() is None
    assert (tmp_path / "log").read_text() == ""
    done = subprocess.run(["gdb", "-nx", "-batch", "-ex", command.split("'")[1], "-ex", "continue"], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert "exited" in done.stdout or "Remote connection closed" in done.stdout + done.stderr
    assert process.wait(30) == 125
    assert (tmp_path / "log").read_text() == "reached\n"
