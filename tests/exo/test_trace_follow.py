"""Records that become lines: order, tasks, calls that are cut in two, signals, ends; and broken records."""

import json
import random

import pytest
from exo.trace import records
from exo.trace.filters import Chooser, choose
from exo.trace.follow import Follower
from exo.trace.json_lines import JsonOutput
from exo.trace.summary import Summary
from exo.trace.text import Style, stamp
from exo.trace.values import Values
from trace_support import DESCRIPTIONS, Machine, follow


def two_tasks() -> Machine:
    """A parent that waits while its child writes and ends."""
    machine = Machine()
    machine.start(2)
    machine.enter(2, "fork")
    machine.start(3, maker=2)
    machine.leave(2, 3)
    machine.enter(2, "wait4", -1, 0x7000, 0, 0)
    machine.enter(3, "write", 1, 0x8000, 2)
    machine.read(3, 0x8000, b"x\n")
    machine.leave(3, 2)
    machine.enter(3, "exit_group", 7)
    machine.end(3, 0x700)
    machine.written(2, 0x7000, b"\0\7\0\0")
    machine.leave(2, 3)
    machine.add(records.SIGNAL, 2, 0, (17, 1, 0, 3, 0, 7, 0, 0, 0, 0))
    machine.enter(2, "exit_group", 0)
    machine.end(2, 0, is_last=True)
    return machine


TWO_TASKS = """\
fork()                                  = 3
[pid     2] wait4(-1,  <unfinished ...>
[pid     3] write(1, "x\\n", 2)          = 2
[pid     3] exit_group(7)               = ?
[pid     3] +++ exited with 7 +++
<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 7}], 0, NULL) = 3
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=3, si_uid=0, si_status=7, si_utime=0, si_stime=0} ---
exit_group(0)                           = ?
+++ exited with 0 +++
"""


def test_lines_of_two_tasks():
    assert follow(two_tasks().data) == TWO_TASKS


def test_a_file_names_the_task_on_every_line():
    lines = follow(two_tasks().data, style=Style(shows_every_tid=True)).splitlines()
    assert [text.split()[0] for text in lines] == ["2", "2", "3", "3", "3", "2", "2", "2", "2"]


def test_records_may_come_in_any_order_and_in_any_pieces():
    """The buffers of two tasks are sent one after the other, and a port cuts where it likes."""
    data = two_tasks().data
    pieces = []
    at = 0
    while at < len(data):
        size = records.HEADER.unpack_from(data, at)[0]
        pieces.append(data[at:at + size])
        at += size
    random.Random(1).shuffle(pieces)
    mixed = b"".join(pieces)
    reader = records.Reader()
    found = [record for at in range(0, len(mixed), 7) for record in reader.feed(mixed[at:at + 7])]
    assert [record.time for record in found] == sorted(record.time for record in found) and len(found) == len(pieces)
    assert follow(mixed) == TWO_TASKS


@pytest.mark.parametrize("data", [
    records.HEADER.pack(32, 99, 1, 0, 0, 0), records.HEADER.pack(8, records.EXIT, 1, 0, 0, 0),
    records.HEADER.pack(1 << 30, records.COPY, 1, 0, 0, 0),
])
def test_what_is_no_record_is_refused(data):
    with pytest.raises(records.BadRecords):
        records.Reader().feed(data)


def test_a_record_that_comes_twice_is_refused():
    data = records.HEADER.pack(40, records.HELLO, 0, records.VERSION, 0, 0) + bytes(8)
    with pytest.raises(records.BadRecords):
        records.Reader().feed(data + data)


def test_another_version_is_refused():
    data = records.HEADER.pack(40, records.HELLO, 0, 77, 0, 0) + bytes(8)
    with pytest.raises(records.BadRecords, match="version 77"):
        follow(data)


def test_a_call_that_waits_is_shown_as_far_as_it_is_known():
    machine = Machine()
    machine.start(2)
    machine.enter(2, "read", 0, 0x7000, 10)
    assert follow(machine.data) == "read(0,  <unfinished ...>\n"


def test_a_call_that_the_end_of_its_task_cuts_off():
    machine = Machine()
    machine.start(2)
    machine.enter(2, "read", 0, 0x7000, 10)
    machine.end(2, 9, is_last=True)
    first, second = follow(machine.data).splitlines()
    assert first.split() == ["read(0,", "<unfinished", "...>)", "=", "?"] and second == "+++ killed by SIGKILL +++"


def test_stops_and_threads_that_execute():
    machine = Machine()
    machine.start(2)
    machine.start(3, maker=2, process=2)
    machine.add(records.STOPPED, 2, 19, (0,))
    machine.end(2)
    machine.enter(3, "execve", 0, 0, 0)
    machine.add(records.RENAMED, 2, 0, (3, 0))
    machine.leave(2, 0)
    assert [text.rstrip() for text in follow(machine.data).splitlines()] == [
        "[pid     2] --- stopped by SIGSTOP ---", "[pid     2] +++ exited with 0 +++", "execve(NULL, NULL, NULL <unfinished ...>",
        "+++ superseded by execve in pid 2 +++", "<... execve resumed>)                   = 0"]


def test_an_interrupted_sleep_goes_on():
    machine = Machine()
    machine.start(2)
    machine.enter(2, "nanosleep", 0, 0)
    machine.leave(2, 0, restart=516)
    machine.enter(2, "restart_syscall")
    machine.leave(2, 0)
    assert "restart_syscall(<... resuming interrupted nanosleep ...>) = 0" in follow(machine.data)


def test_durations_and_stamps():
    machine = Machine()
    machine.start(2)
    machine.enter(2, "getpid")
    machine.leave(2, 2)
    text = follow(machine.data, style=Style(stamps=3, shows_durations=True))
    assert text.split()[0] == "0.003000" and text.endswith(" = 2 <0.001000>\n")
    assert stamp(1_500_000_000, 3) == "1.500000" and len(stamp(0, 2)) == len("00:00:00.000000")


def test_summary_names_what_the_kernel_lacks():
    summary = Summary(Chooser())
    follower = Follower(DESCRIPTIONS, summary)
    machine = Machine()
    machine.start(2)
    for result in (2, 2, -9):
        machine.enter(2, "close", 1)
        machine.leave(2, result)
    machine.enter(2, 213, 10)
    machine.leave(2, -38)
    follower.feed(machine.data)
    follower.settle()
    lines = summary.table().splitlines()
    assert lines[2].split() == ["75.00", "0.003000", "1000", "3", "1", "close"]
    assert lines[-2].split()[-4:] == ["1000", "4", "2", "total"]
    assert lines[-1] == "calls that the kernel lacks (ENOSYS): epoll_create"


def test_json_has_an_object_for_each_event():
    output = JsonOutput(Values(), Chooser(), lambda: 0)
    follower = Follower(DESCRIPTIONS, output)
    follower.feed(two_tasks().data)
    follower.settle()
    events = [json.loads(text) for text in output.take().splitlines()]
    assert [event["event"] for event in events] == ["call", "call", "call", "exit", "call", "signal", "call", "exit"]
    write = events[1]
    assert (write["call"], write["tid"], write["arguments"], write["words"], write["result"], write["duration"]) == (
        "write", 3, ["1", '"x\\n"', "2"], [1, 0x8000, 2], 2, 2_000_000)
    assert events[5]["signal"] == "SIGCHLD" and events[3]["status"] == 7


@pytest.mark.parametrize("expression, name, is_wanted", [
    ("trace=openat,close", "close", True), ("trace=openat", "close", False), ("openat", "openat", True), ("t=openat", "openat", True),
    ("!openat", "openat", False), ("!openat", "close", True), ("trace=!%file", "openat", False), ("trace=!%file", "read", True),
    ("%file", "execve", True), ("%desc", "dup2", True), ("%desc", "epoll_ctl", True), ("%memory", "brk", True), ("%process", "wait4", True),
    ("%network", "socket", True), ("%signal", "kill", True), ("file", "stat", True), ("/^get.*id$", "getpid", True),
    ("/^get.*id$", "getcwd", False), ("all", "read", True), ("none", "read", False), ("!all", "read", False), ("?nothing,read", "read", True),
    ("signal=none", "read", True), ("%%stat", "fstat", True), ("%stat", "fstat", False), ("3", "close", True),
])
def test_expressions(expression, name, is_wanted):
    assert choose([expression], DESCRIPTIONS).wants_name(name) == is_wanted


@pytest.mark.parametrize("expression, number, is_wanted", [
    ("signal=SIGCHLD", 17, True), ("signal=!CHLD", 17, False), ("signal=term,9", 9, True), ("signal=none", 17, False), ("read", 17, True),
])
def test_expressions_of_signals(expression, number, is_wanted):
    assert choose([expression], DESCRIPTIONS).wants_signal(number) == is_wanted


@pytest.mark.parametrize("expression, message", [
    ("opnat", "did you mean open"), ("trace=", "missing"), ("%nothing", "there is no class %nothing; there are %"),
    ("signal=SIGFOO", "no signal SIGFOO"), ("inject=read:error=EIO", "not supported"), ("x=y", "trace= or signal="), ("/(", "/"),
])
def test_expressions_that_make_no_sense(expression, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        choose([expression], DESCRIPTIONS)
