"""`./exo trace --sched`: the time line of a machine's CPUs as trace-event JSON."""

import json
import subprocess

import pytest
from conftest import EXO, LIMIT, OPTIONS

CPUS, THREADS = 1, 2
WORK = "yes >/dev/null & yes >/dev/null & sleep 1; kill $(jobs -p)"


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([EXO, "trace", *OPTIONS, *words], capture_output=True, timeout=LIMIT, text=True, stdin=subprocess.DEVNULL)


def lines_of(events: list[dict], group: int) -> dict[int, str]:
    """The last name of each line."""
    return {event["tid"]: event["args"]["name"] for event in events
            if event["ph"] == "M" and event["name"] == "thread_name" and event["pid"] == group}


def slices(events: list[dict], group: int) -> list[dict]:
    return [event for event in events if event["ph"] == "X" and event["pid"] == group]


@pytest.mark.parametrize("cpus", (1, 2))
def test_who_ran_where(tmp_path, cpus):
    path = tmp_path / "timeline.json"
    done = run("--sched", "-o", str(path), "--cpus", str(cpus), "--", "sh", "-c", f"{WORK}; echo out; exit 3")
    assert (done.returncode, done.stdout) == (3, "out\n")
    events = json.loads(path.read_text())["traceEvents"]
    assert lines_of(events, CPUS) == {cpu: f"CPU {cpu}" for cpu in range(cpus)}
    busy = [one for one in slices(events, CPUS) if one["name"].startswith("yes (")]
    assert {one["tid"] for one in busy} == set(range(cpus))
    # Two programs that never wait ran for about a second on each CPU. No CPU runs two at a time.
    assert sum(one["dur"] for one in busy) > cpus * 500_000
    for cpu in range(cpus):
        own = sorted((one["ts"], one["ts"] + one["dur"]) for one in slices(events, CPUS) if one["tid"] == cpu)
        assert all(end <= begin + 0.002 for (_, end), (begin, _) in zip(own, own[1:]))
    # The lines of the threads agree with those of the CPUs, and show that programs which share a CPU wait for it. Before a program
    # executed yes, it had the name of the shell, so its slices are found by its number.
    numbers = {one["args"]["number"] for one in busy}
    ran = sum(one["dur"] for one in slices(events, CPUS) if one["args"]["number"] in numbers)
    shown = lines_of(events, THREADS)
    both = [one for one in slices(events, THREADS) if shown[one["tid"]].startswith("yes (")]
    assert sum(one["dur"] for one in both if one["name"].startswith("runs on CPU")) == pytest.approx(ran, abs=1)
    waited = sum(one["dur"] for one in both if one["name"] == "waits for a CPU")
    assert waited > 300_000 if cpus == 1 else waited < 1_000_000
    assert any(event["ph"] == "i" and event["name"].startswith("wakes sleep (") for event in events)


def test_options_that_would_do_nothing_are_refused(tmp_path):
    done = run("--sched", "--", "true")
    assert done.returncode == 125 and "-o" in done.stderr
    for option in ("-c", "-T", "--json", "-y"):
        done = run("--sched", "-o", str(tmp_path / "file"), option, "--", "true")
        assert done.returncode == 125 and option in done.stderr
        assert not (tmp_path / "file").exists()
