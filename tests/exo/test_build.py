"""What is rebuilt and when, and that several starts at once do not build twice."""

import os
import subprocess

from conftest import ROOT

INIT = os.path.join(ROOT, "build", "init", "init")
STAMP = os.path.join(ROOT, "build", "init", ".exo-inputs")


def start() -> subprocess.Popen:
    """Needs init and the image, and then fails at once: /dev/null is no kernel."""
    return subprocess.Popen([f"{ROOT}/exo", "run", "--kernel", "/dev/null", "--", "true"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_several_at_once_build_once():
    start().communicate(timeout=600)
    os.unlink(STAMP)
    reports = [process.communicate(timeout=600)[1] for process in [start() for _ in range(4)]]
    assert sum("exo: building init" in report for report in reports) == 1
    assert os.path.exists(STAMP) and os.path.exists(INIT)


def test_a_second_start_builds_nothing():
    start().communicate(timeout=600)
    before = os.stat(INIT).st_mtime_ns
    process = start()
    _, report = process.communicate(timeout=60)
    assert len(report.splitlines()) == 1 and report.startswith("exo: QEMU: ")
    assert process.returncode == 125
    assert os.stat(INIT).st_mtime_ns == before


def test_init_is_small_and_needs_nothing():
    start().communicate(timeout=600)
    done = subprocess.run(["llvm-readelf-19", "-lW", INIT], capture_output=True, text=True, check=True)
    assert "INTERP" not in done.stdout and "DYNAMIC" not in done.stdout
    assert os.path.getsize(INIT) < 64 * 1024
