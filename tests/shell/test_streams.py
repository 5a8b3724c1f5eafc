"""Standard input, output and error as three clean byte streams."""

import os
import random
import subprocess
import time

from conftest import command

MEBIBYTE = 1 << 20
NOISE = random.Random(1).randbytes(10 * MEBIBYTE)


def test_nothing_but_the_program_is_printed(exo):
    done = exo.sh("echo out; echo err >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out\n", b"err\n")


def test_every_byte_value_passes(exo):
    data = bytes(range(256)) * 3
    assert exo.run("--", "cat", stdin=data).stdout == data


def test_ten_mebibytes_each_way(exo):
    done = exo.run("--", "cat", stdin=NOISE)
    assert done.returncode == 0 and done.stdout == NOISE


def test_ten_mebibytes_in(exo):
    assert exo.run("--", "wc", "-c", stdin=NOISE).stdout == b"%d\n" % len(NOISE)


def test_ten_mebibytes_out_on_error_too(exo):
    done = exo.sh("cat /dev/zero | head -c 10485760 >&2 & head -c 10485760 /dev/zero; wait")
    assert (len(done.stdout), len(done.stderr)) == (10 * MEBIBYTE, 10 * MEBIBYTE)


def test_ten_mebibytes_each_way_over_pci(exo):
    done = exo.run("--machine", "q35", "--cpus", "2", "--", "sh", "-c", "cat; echo err >&2; exit 3", stdin=NOISE)
    assert (done.returncode, done.stdout == NOISE, done.stderr) == (3, True, b"err\n")


def test_end_of_an_empty_input(exo):
    assert exo.run("--", "wc", "-c").stdout == b"0\n"


def test_input_is_a_pipe(exo):
    assert exo.sh("for i in 0 1 2; do test -t $i || echo $i; done").stdout == b"0\n1\n2\n"


def test_files_as_streams(exo, tmp_path):
    (tmp_path / "in").write_bytes(NOISE[:MEBIBYTE])
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "wb") as sink:
        subprocess.run(command("--", "cat"), stdin=source, stdout=sink, check=True, timeout=60)
    assert (tmp_path / "out").read_bytes() == NOISE[:MEBIBYTE]


def test_appending_to_a_file(exo, tmp_path):
    for line in ("one", "two"):
        with open(tmp_path / "out", "ab") as sink:
            subprocess.run(command("--", "echo", line), stdin=subprocess.DEVNULL, stdout=sink, check=True, timeout=60)
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


def test_conversation(exo):
    """Each answer is needed before the next question: nothing may wait for a buffer to fill."""
    process = exo.start("--", "sh", "-c", "while read -r word; do echo \"<$word>\"; done")
    for word in ("a", "b", "c"):
        process.stdin.write(f"{word}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline() == f"<{word}>\n".encode()
    process.stdin.close()
    assert process.wait(60) == 0


def test_the_reader_of_the_output_leaves(exo):
    """EPIPE travels inwards: `yes` is ended by SIGPIPE."""
    process = exo.start("--", "yes", stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"y\n"
    process.stdout.close()
    assert process.wait(60) == 128 + 13


def test_the_program_leaves_its_input(exo):
    """EPIPE travels outwards: whoever feeds a finished program is told."""
    feeder = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    done = subprocess.run(command("--", "head", "-n", "1"), stdin=feeder.stdout, capture_output=True, timeout=60)
    feeder.stdout.close()
    assert done.stdout == b"y\n"
    assert feeder.wait(60) == -13


def test_the_program_closes_its_input_and_goes_on(exo):
    feeder = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    process = exo.start("--", "sh", "-c", "exec <&-; sleep 1000", stdin=feeder.stdout)
    feeder.stdout.close()
    assert feeder.wait(60) == -13
    process.terminate()
    assert process.wait(60) == 143


def test_the_program_closes_its_output_and_goes_on(exo):
    process = exo.start("--", "sh", "-c", "echo last; exec >&-; sleep 1000", stdin=subprocess.DEVNULL)
    assert process.stdout.read() == b"last\n"
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == 143


def test_a_slow_reader_loses_nothing(exo):
    process = exo.start("--", "head", "-c", str(3 * MEBIBYTE), "/dev/zero", stdin=subprocess.DEVNULL)
    time.sleep(3)
    assert len(process.stdout.read()) == 3 * MEBIBYTE
    assert process.wait(60) == 0


def test_output_before_a_sudden_end(exo):
    done = exo.sh("head -c 1000000 /dev/zero; kill -9 $$")
    assert len(done.stdout) == 1000000 and done.returncode == 137


def test_what_is_left_behind_does_not_delay_the_end(exo):
    started = time.monotonic()
    done = exo.sh("sleep 1000 & echo done; exit 4")
    assert (done.returncode, done.stdout) == (4, b"done\n")
    assert time.monotonic() - started < 30


def test_a_full_disk_is_reported(exo):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command("--", "echo", "lost"), stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 125
    assert done.stderr == b"exo: stdout: No space left on device\n"


def test_closed_standard_streams(exo, tmp_path):
    script = '"$@" <&- >&- 2>"$0"'
    done = subprocess.run(["/bin/sh", "-c", script, str(tmp_path / "err"), *command("--", "sh", "-c", "cat; echo e >&2")],
                          timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "err").read_bytes() == b"e\n"


def test_side_by_side(exo):
    processes = [exo.start("--", "sh", "-c", f"cat; exit {number}") for number in range(4)]
    for number, process in enumerate(processes):
        output, _ = process.communicate(NOISE[number * MEBIBYTE:(number + 1) * MEBIBYTE], timeout=120)
        assert output == NOISE[number * MEBIBYTE:(number + 1) * MEBIBYTE]
        assert process.returncode == number


def test_descriptors_of_the_caller_stay_outside(exo):
    """A program inherits 0, 1 and 2 only."""
    reader, writer = os.pipe()
    with exo.start("--", "ls", "/proc/self/fd", stdin=subprocess.DEVNULL, pass_fds=(writer,)) as process:
        os.close(writer)
        names = process.stdout.read().split()
    os.close(reader)
    assert names[:3] == [b"0", b"1", b"2"] and len(names) <= 4


def test_streams_by_their_names_in_dev(exo):
    script = ("echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin; echo four 4> /tmp/four >/dev/fd/4; cat /tmp/four; "
              "stat -c '%F %a' /dev/shm /dev/pts")
    done = exo.run("--", "sh", "-c", script, stdin=b"in\n")
    assert (done.stdout, done.stderr) == (b"out\nin\nfour\ndirectory 1777\ndirectory 755\n", b"err\n")
