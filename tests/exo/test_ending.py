"""A campaign of `exo test cross` or `hostile` that is ended takes its machines with it. Here QEMU is a program that only sleeps."""

import os
import signal
import subprocess
import sys
import time

import pytest
from exo import paths

# The campaign as it is, with nothing to build: what boots is never looked at.
DRIVER = """
import runpy, sys
folder, *sys.argv = sys.argv[1:]
sys.path[:0] = [{tools!r}, folder]
from campaign.machines import machine
machine.build_executor = lambda: None
machine.image = lambda batch: b""
machine.linux = lambda: machine.exo_image("Linux")
sys.argv.insert(0, folder + "/run.py")
runpy.run_path(folder + "/run.py", run_name="__main__")
"""
QEMU = """#!/bin/sh
echo $$ >> {log}
exec sleep 600
"""
LIMIT = 30.0


@pytest.fixture
def machines(tmp_path):
    """Where each machine that starts writes its process id."""
    log = tmp_path / "machines"
    log.write_text("")
    program = tmp_path / "qemu-system-x86_64"
    program.write_text(QEMU.format(log=log))
    program.chmod(0o755)
    (tmp_path / "calls.json").write_text('{"calls": []}')
    (tmp_path / "kernel.elf").write_text("kernel")
    return log


def start(suite, machines, *options):
    folder = machines.parent
    driver = DRIVER.format(tools=paths.in_root("tools"))
    command = [sys.executable, "-c", driver, paths.in_root("tests", suite), "--jobs", "1", "--kernel", str(folder / "kernel.elf"),
               "--descriptions", str(folder / "calls.json"), *options]
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def wait_for_machine(campaign, machines):
    deadline = time.monotonic() + LIMIT
    while not machines.read_text().endswith("\n"):
        assert campaign.poll() is None, campaign.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exists(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("suite, options", [("cross", ()), ("hostile", ("--kept", "1"))])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_machines_of_a_campaign_end_with_it(machines, suite, options, number):
    campaign = start(suite, machines, *options)
    try:
        wait_for_machine(campaign, machines)
        campaign.send_signal(number)
        output, _ = campaign.communicate(timeout=LIMIT)
    finally:
        campaign.kill()
    assert campaign.returncode == 128 + number
    assert f"ended by {number.name}; machines that ended with it: " in output
    assert "Traceback" not in output
    # One job: of the two machines of a cross-check the second one had to wait, and never starts.
    (process,) = (int(line) for line in machines.read_text().split())
    assert not exists(process)
