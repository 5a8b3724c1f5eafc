"""--result FILE: how a program ended and what it used."""

import json

import pytest

GROWING = "awk 'BEGIN { s = \"x\"; while (1) s = s s }'"


@pytest.mark.parametrize("words, expected", [
    (["true"], {"status": 0, "reason": "exit", "signal": None, "message": None}),
    (["sh", "-c", "exit 137"], {"status": 137, "reason": "exit", "signal": None}),
    (["sh", "-c", "kill -KILL $$"], {"status": 137, "reason": "signal", "signal": "SIGKILL"}),
    (["nosuch"], {"status": 127, "reason": "not-started", "message": "nosuch: not found"}),
    (["poweroff", "-f"], {"status": 0, "reason": "power-off", "cpu_seconds": None}),
])
def test_ends(exo, tmp_path, words, expected):
    file = tmp_path / "result"
    done = exo.run("--result", str(file), "--", *words)
    found = json.loads(file.read_text())
    assert done.returncode == found["status"]
    assert {key: found[key] for key in expected} == expected
    assert found["machine"]["memory_mib"] == 1024 and found["machine"]["peak_memory_kib"] > 10000


def test_limit_memory_and_what_was_used(exo, tmp_path):
    file = tmp_path / "result"
    exo.run("--result", str(file), "--timeout", "1", "--", "sleep", "100")
    found = json.loads(file.read_text())
    assert (found["status"], found["reason"], found["message"]) == (124, "limit", "timed out after 1 s")
    exo.run("--result", str(file), "-m", "64", "--", "sh", "-c", f"{GROWING}; exit 3")
    found = json.loads(file.read_text())
    assert (found["status"], found["reason"], found["killed_for_memory"]) == (3, "exit", ["awk"])
    exo.run("--result", str(file), "-m", "64", "--", "sh", "-c", f"exec {GROWING}")
    found = json.loads(file.read_text())
    assert (found["status"], found["reason"], found["signal"]) == (137, "memory", "SIGKILL")
    assert found["peak_memory_kib"] > 20000 and sum(found["cpu_seconds"].values()) > 0


def test_a_file_that_cannot_be_written(exo, tmp_path):
    done = exo.run("--result", str(tmp_path / "nosuch" / "result"), "--", "true")
    assert done.returncode == 125
    assert done.stderr == f"exo: --result: {tmp_path}/nosuch/result: No such file or directory\n".encode()
