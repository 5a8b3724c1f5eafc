"""The generators and judges of tests/cross and tests/hostile, without a machine."""

import json
import os
import random
import struct

import pytest
from exo import paths

from campaign.compare import compare, normal, print_c, reports, shrink
from campaign.hostile import hostile
from campaign.machines import frames
from campaign.rules import generate, rules
from campaign.sequences import kept
from campaign.sequences.model import World
from campaign.sequences.sequence import (
    ACTORS, CALL_FORK, CALL_GET_WORD, IN, OUT, Buffer, Call, Field, Handler, Leader, Pointer, Process, ProcessName, Result, Sequence,
    encode_sequence)

STAT = {"kind": "structure", "type": "stat", "size": 24, "fields": [
    {"name": "st_dev", "offset": 0, "size": 8}, {"name": "st_mode", "offset": 8, "size": 4},
    {"name": "st_mtim.tv_sec", "offset": 12, "size": 4}, {"name": "st_mtim.tv_nsec", "offset": 16, "size": 4},
    {"name": "st_uid", "offset": 20, "size": 4}]}
DESCRIPTIONS = {
    "getpid": {"name": "getpid", "number": 39, "result": {"kind": "pid"}, "arguments": []},
    "stat": {"name": "stat", "number": 4, "result": {"kind": "nothing"},
             "arguments": [{"kind": "path", "of": "existing"}, {"kind": "pointer", "direction": "out", "element": STAT}]},
}
GET_PID = Call(0, 39, "getpid", ())
STAT_CALL = Call(0, 4, "stat", (Buffer(2, b"a\0", IN, (), "path"), Buffer(24, b"", OUT, (), "stat")))


def event(kind, call, actor=0, detail=0, body=b""):
    return struct.pack("<HHHHiI", kind, call, actor, 0, detail, len(body)) + body


def reply(call, result, *outputs, signals=()):
    body = b"".join(struct.pack("<iiiiII", *signal) for signal in signals)
    for data in outputs:
        body += struct.pack("<III", len(data), len(data), 0) + data
    return event(frames.REPLY, call, body=struct.pack("<IIq", 16 + len(body), len(signals), result) + body)


def stat_bytes(device=1, mode=0o644, seconds=5, nanoseconds=6, uid=0):
    return struct.pack("<QIIII", device, mode, seconds, nanoseconds, uid)


def difference(sequence, linux, exo, rules=()):
    return compare.Comparison(DESCRIPTIONS, list(rules)).difference(sequence, linux, exo)


def test_a_process_id_may_differ_but_not_whose_it_is():
    sequence = Sequence((GET_PID,))
    linux = event(frames.PID, 0, 0, 79) + reply(0, 79)
    assert difference(sequence, linux, event(frames.PID, 0, 0, 2) + reply(0, 2)) is None
    other = difference(sequence, linux, event(frames.PID, 0, 0, 2) + reply(0, 3))
    assert other.pairs == (("#0 getpid: actor 0", "#0 getpid: 3"),)
    assert other.call == 0


@pytest.mark.parametrize("changed, is_seen", [
    ({"device": 9}, False), ({"mode": 0o600}, True), ({"uid": 1}, True), ({"seconds": 6}, True), ({"nanoseconds": 7}, True)])
def test_of_a_structure_only_what_is_free_may_differ(changed, is_seen):
    sequence = Sequence((STAT_CALL,))
    found = difference(sequence, reply(0, 0, stat_bytes()), reply(0, 0, stat_bytes(**changed)))
    assert (found is not None) == is_seen


def test_a_time_of_today_is_now_and_no_other_time():
    today = normal.TODAY + 4000
    sequence = Sequence((STAT_CALL,))
    now = reply(0, 0, stat_bytes(seconds=today, nanoseconds=1))
    assert difference(sequence, now, reply(0, 0, stat_bytes(seconds=today + 3, nanoseconds=2))) is None
    assert difference(sequence, now, reply(0, 0, stat_bytes(seconds=0))) is not None
    assert difference(sequence, now, reply(0, 0, stat_bytes(seconds=today, nanoseconds=10**9))) is not None


def test_errors_waiting_dying_signals_and_missing_answers_are_seen():
    sequence = Sequence((GET_PID, GET_PID))
    good = reply(0, -2) + reply(1, 0)
    assert difference(sequence, good, reply(0, -13) + reply(1, 0)).signature == ("getpid: ENOENT", "getpid: EACCES")
    assert difference(sequence, good, event(frames.SILENT, 0, detail=ord("S")) + reply(1, 0)) is not None
    assert difference(sequence, good, event(frames.DEAD, 0)) is not None
    assert difference(sequence, good, reply(0, -2)) is not None
    signal = (15, 0, 0, 0, 1, 0)
    assert difference(sequence, good, reply(0, -2, signals=[signal]) + reply(1, 0)) is not None


def test_what_is_seen_of_the_others_between_two_calls_has_no_order_but_each_ones_own():
    sequence = Sequence((GET_PID, GET_PID))
    child, end = (17, 0, 5, 0, 1, 0), (15, 0, 0, 0, 1, 0)

    def look(actor, *signals):
        return event(frames.REPLY, 2, actor, body=reply(2, 0, signals=signals)[16:])

    stopped = event(frames.SILENT, 2, 1, detail=ord("T"))
    waits = event(frames.SILENT, 1, 0, detail=ord("S"))
    early = reply(0, 1) + look(0, child) + stopped + look(0, end) + reply(1, 1)
    late = reply(0, 1) + stopped + look(0, child, end) + reply(1, 1)
    assert difference(sequence, early, late) is None
    assert difference(sequence, early, reply(0, 1) + stopped + look(0, end, child) + reply(1, 1)) is not None
    assert difference(sequence, early, reply(0, 1) + stopped + reply(1, 1) + look(0, child, end)) is not None
    own = difference(sequence, reply(0, 1) + stopped + reply(1, 1) + stopped, reply(0, 1) + stopped + waits + stopped)
    assert own.call == 1 and len(own.pairs) == 1


def test_how_often_an_endless_circle_sends_a_signal_is_free_and_nothing_else_of_it():
    sequence = Sequence((GET_PID, GET_PID))
    runs, waits = event(frames.SILENT, 0, detail=ord("R")), event(frames.SILENT, 0, detail=ord("S"))
    stop, end = (22, 0, 128, 0, 1, 0), (15, 0, 0, 0, 1, 0)
    few, many = reply(1, 0, signals=[stop]), reply(1, 0, signals=[stop] * 9)
    assert difference(sequence, runs + few, runs + many) is None
    assert difference(sequence, waits + few, waits + many) is not None
    assert difference(sequence, runs + few, runs + reply(1, 0)) is not None
    assert difference(sequence, runs + few, runs + reply(1, 0, signals=[stop, end])) is not None


def test_of_random_bytes_the_last_may_look_like_none():
    sequence = Sequence((Call(0, 318, "getrandom", (Buffer(4, b"", OUT), 2, 0)),))
    linux = reply(0, 2, b"ab\xa5\xa5")
    assert difference(sequence, linux, reply(0, 2, b"c\xa5\xa5\xa5")) is None
    assert difference(sequence, linux, reply(0, 2, b"ab\xa5")) is None  # as a hash is shorter
    assert difference(sequence, linux, reply(0, 2, b"abc\xa5")) is not None
    assert difference(sequence, linux, reply(0, 3, b"abc\xa5")) is not None


def test_bytes_behind_what_a_call_may_write_are_seen():
    sequence = Sequence((STAT_CALL,))
    assert difference(sequence, reply(0, -14, b"\xa5" * 24), reply(0, -14, b"\xa5" * 23 + b"\0")) is not None


def answered_with(call, result, data, pid):
    return event(frames.PID, 0, 0, pid) + reply(0, result, data)


@pytest.mark.parametrize(("size", "pid_of_linux", "pid_of_ours", "linux", "ours"), [
    (8, 1079, 1002, b"1079\xa5\xa5\xa5\xa5", b"1002\xa5\xa5\xa5\xa5"),  # /proc/self, whole
    (2, 1079, 1102, b"10", b"11"),  # as far as there is room
])
def test_a_link_to_a_process_names_it(size, pid_of_linux, pid_of_ours, linux, ours):
    call = Call(0, 89, "readlink", (Buffer(11, b"/proc/self\0", IN, (), "path"), Buffer(size, b"", OUT), size))
    sequence, result = Sequence((call,)), min(size, 4)
    theirs = answered_with(call, result, linux, pid_of_linux)
    assert difference(sequence, theirs, answered_with(call, result, ours, pid_of_ours)) is None
    assert difference(sequence, theirs, answered_with(call, result, b"x" + ours[1:], pid_of_ours)) is not None
    assert difference(sequence, theirs, answered_with(call, result - 1, ours, pid_of_ours)) is not None


def test_a_process_as_working_directory_is_named():
    call = Call(0, 79, "getcwd", (Buffer(16, b"", OUT), 16))
    sequence = Sequence((call,))
    theirs = answered_with(call, 11, b"/proc/1079\0".ljust(16, b"\xa5"), 1079)
    assert difference(sequence, theirs, answered_with(call, 11, b"/proc/1002\0".ljust(16, b"\xa5"), 1002)) is None
    assert difference(sequence, theirs, answered_with(call, 11, b"/proc/1003\0".ljust(16, b"\xa5"), 1002)) is not None
    assert difference(sequence, theirs, answered_with(call, 11, b"/proc/1002\0".ljust(16, b"y"), 1002)) is not None


def test_a_random_byte_may_be_the_filler():
    call = Call(0, 318, "getrandom", (Buffer(2, b"", OUT), 2, 0))
    sequence = Sequence((call,))
    theirs = reply(0, 1, b"x\xa5")
    assert difference(sequence, theirs, reply(0, 1, b"\xa5\xa5")) is None
    assert difference(sequence, theirs, reply(0, 1, b"xy")) is not None


def test_what_is_in_proc_is_free_but_not_what_is_in_other_folders():
    def listed(path):
        opened = Call(0, 2, "open", (Buffer(len(path) + 1, path + b"\0", IN, (), "path"), 0, 0))
        return Sequence((opened, Call(0, 217, "getdents64", (Result(0), Buffer(64, b"", OUT), 64))))

    def answer(name):
        return reply(1, 24, struct.pack("<QQHB", 1, 2, 24, 4) + name.ljust(5, b"\0") + b"\xa5" * 40)

    assert difference(listed(b"/proc/self"), answer(b"fd"), answer(b"task")) is None
    assert difference(listed(b"/proc/self"), answer(b"fd"), reply(1, -22, b"\xa5" * 64)) is not None
    assert difference(listed(b"d"), answer(b"fd"), answer(b"task")) is not None


def test_a_large_output_is_known_by_its_hash_only():
    body = struct.pack("<III", 5000, 8, 1) + b"\1" * 8
    payload = event(frames.REPLY, 0, body=struct.pack("<IIq", 16 + len(body), 0, 0) + body)
    assert frames.decode(payload).events[0].outputs == (b"\1" * 8,)
    body = struct.pack("<III", 5000, 8, 0) + b"\1" * 8
    payload = event(frames.REPLY, 0, body=struct.pack("<IIq", 16 + len(body), 0, 0) + body)
    assert frames.decode(payload).events[0].outputs == (b"\1" * 8 + b"\xa5" * 4992,)


def test_rules_accept_just_their_pair(tmp_path):
    path = tmp_path / "accepted.txt"
    path.write_text("# comment\ngetpid: ENOENT | getpid: E(PERM|ACCES) | a reason | getpid(2)\n")
    rules = compare.read_rules(str(path))
    sequence = Sequence((GET_PID,))
    assert difference(sequence, reply(0, -2), reply(0, -13), rules) is None
    assert difference(sequence, reply(0, -2), reply(0, -22), rules) is not None
    assert difference(sequence, reply(0, -13), reply(0, -2), rules) is not None


@pytest.mark.parametrize("line", ["a | b | c", "a | b |  | d", "( | b | c | d"])
def test_a_rule_that_says_too_little_is_refused(tmp_path, line):
    path = tmp_path / "accepted.txt"
    path.write_text(line + "\n")
    with pytest.raises(compare.BadRule):
        compare.read_rules(str(path))


def test_the_shipped_rules_and_seeds_can_be_read():
    assert compare.read_rules()


def test_a_stream_is_put_together_from_pages_in_any_order():
    run = os.urandom(16)

    def page(index, content, used=None):
        head = run + struct.pack("<II", index, len(content) if used is None else used) + b"\0" * 8
        return (head + content).ljust(4096, b"\0")

    frame = struct.pack("<III", frames.MAGIC, 7, 5) + b"hello"
    memory = b"x" * 4096 + page(1, frame[9:]) + b"y" * 100 + run + b"z" * 3980 + page(0, frame[:4]) + page(0, frame[:9])
    assert frames.split(frames.find_stream(memory, run)) == {7: b"hello"}
    assert frames.split(frames.find_stream(page(1, frame[9:]), run)) == {}
    assert frames.split(frame[:-1]) == {}


def test_shrinking_keeps_what_matters_and_mends_references():
    calls = tuple(Call(0, 39, f"noise{i}", ()) for i in range(9))
    wanted = (Call(0, 22, "pipe", (Buffer(8, b"", OUT),)), Call(0, 0, "read", (Field(4, 0, 0), 77, Result(2))))
    sequence = Sequence(calls[:4] + wanted[:1] + calls[4:] + wanted[1:])

    def judge(candidates):
        return [[call.name for call in one.calls if "noise" not in call.name] == ["pipe", "read"] for one in candidates]

    small = shrink.shrink(sequence, judge)
    assert [call.name for call in small.calls] == ["pipe", "read"]
    assert small.calls[1].arguments == (Field(0, 0, 0), 0, 0)


def test_arguments_from_a_call_that_is_gone_are_what_a_failed_call_returns():
    calls = (GET_PID, GET_PID, Call(0, 0, "read", (Result(0), Result(1), Buffer(8, b"", IN, ((0, Result(0)),)))))
    last = shrink._without(Sequence(calls), 0, 1).calls[-1]
    assert last.arguments == ((1 << 64) - 1, Result(0), Buffer(8, b"", IN, ((0, (1 << 64) - 1),)))


def descriptions_of_all():
    with open(paths.in_root("docs", "system_calls.json"), encoding="utf-8") as file:
        return json.load(file)["calls"]


@pytest.fixture(scope="module")
def calls():
    return descriptions_of_all()


@pytest.mark.parametrize("make", [generate.Generator, hostile.Generator])
def test_the_same_seed_gives_the_same_sequence(calls, make):
    for seed in range(60):
        first, second = make(calls).sequence(seed), make(calls).sequence(seed)
        assert first == second and first.calls
        encoded = encode_sequence(first, seed)
        assert struct.unpack_from("<III", encoded) == (len(encoded), seed, len(first.calls))
    assert make(calls).sequence(1) != make(calls).sequence(2)


def test_nothing_reaches_the_controller(calls):
    """Process 1 keeps the machine going, and its descriptors begin at 60."""
    maker = hostile.Generator(calls)
    for seed in range(300):
        for call in maker.sequence(seed).calls:
            if call.name == "kill" and call.arguments and isinstance(call.arguments[0], int):
                assert call.arguments[0] != 1
            if call.name == "umount2" and isinstance(call.arguments[0], Buffer):
                assert not call.arguments[0].data.startswith(b"/") and b".." not in call.arguments[0].data


def test_a_family_without_an_area_is_said(calls):
    with pytest.raises(ValueError, match="juggling"):
        generate.Generator([*calls, {"name": "x", "number": 9, "family": "juggling", "arguments": []}])


def test_a_printed_program_names_its_calls():
    text = print_c.program(Sequence((STAT_CALL, Call(0, CALL_FORK, "fork", (1, 0, 17)), Call(1, 62, "kill", (Process(0), 9)))), "title")
    for part in ("// title", "4 /* stat */", "run_1()", "62 /* kill */, (long)seen->pid[0], 9l", 'int main(void)'):
        assert part in text


@pytest.mark.parametrize("area", generate.OWN_RULES)
def test_an_area_makes_calls_that_the_guest_takes(calls, area):
    """At most 256 of them, with eight buffers, and all that a clone needs to be a child that the controller can speak to."""
    generator = generate.Generator(calls, (area,))
    for seed in range(150):
        sequence = generator.sequence(seed)
        assert 0 < len(sequence.calls) <= 256 and encode_sequence(sequence, 0)
        for call in sequence.calls:
            assert len(call.buffers()) <= 8
            if call.number == CALL_FORK:
                assert 0 < call.arguments[0] < ACTORS


@pytest.mark.parametrize("kind", ["families", "threads", "thread race", "futex race", "descriptor race"])
def test_a_kind_of_threads_makes_calls_that_the_guest_takes(calls, kind):
    generator = hostile.Generator(calls, (kind,))
    for seed in range(40):
        sequence = generator.sequence(seed)
        assert len(sequence.calls) <= 256 and all(len(call.buffers()) <= 8 for call in sequence.calls) and encode_sequence(sequence, 0)


def test_no_rule_hides_another():
    """Maker is put together of many: two with a method of one name would be one."""
    seen = {}
    for part in rules.Maker.__mro__[:-1]:
        for name in vars(part):
            assert name.startswith("__") or name not in seen, f"{name} is in {seen.get(name)} and {part.__name__}"
            seen[name] = part.__name__


def test_a_thread_has_what_its_process_has_and_ends_with_it():
    world = World(random.Random(1))
    world.start_thread(0, 1)
    world.fork(1, 2, False)
    assert world.threads_of(1) == [0, 1] and world.actors[1].descriptors is world.actors[0].descriptors
    assert world.actors[0].children == [2]
    world.end_process(1)
    assert world.living() == [2]


def test_a_kept_sequence_is_the_same_when_it_is_read_again(tmp_path):
    """With an argument of every class, and a number that only 64 bits without a sign hold."""
    inner = Buffer(16, b"", IN, ((0, Pointer(1, 4)), (4, Handler(100)), (8, ProcessName(3))), "iovec")
    calls = (Call(0, 1, "write", (Result(3, 2), Field(1, 0, 4), Process(1, True), Process(2, False, 5), Leader(3), (1 << 64) - 1), (Buffer(3, b"a\0\xff"),)),
             Call(1, CALL_FORK, "fork", (1, 0, 17)), Call(1, 0, "readv", (0, inner)))
    path = tmp_path / "kept"
    path.write_text(kept.line(Sequence(calls, 5, "files"), "what it showed") + "\n")
    (again,) = kept.read(str(path))
    assert again == Sequence(calls, "kept 1", "files")
    path.write_text(kept.line(Sequence(calls, 5, "mapping race", 2), "what it showed") + "\n")
    assert kept.read(str(path)) == [Sequence(calls, "kept 1", "mapping race", 2)]


def test_the_kept_sequences_can_be_read_and_are_sent():
    for path in (kept.PATH, paths.in_root("tests", "hostile", "kept.jsonl")):
        assert kept.read(path) and all(encode_sequence(sequence, 0) for sequence in kept.read(path))


@pytest.mark.parametrize("line", ["{}", "[1]", '{"area": "x", "calls": [[1]]}', '{"area": "x", "calls": [[0, 1, "a", [{"none": []}], []]]}'])
def test_a_line_that_is_no_kept_sequence_is_named(tmp_path, line):
    path = tmp_path / "kept"
    path.write_text("\n" + line + "\n")
    with pytest.raises(ValueError, match=":2: not a kept sequence"):
        kept.read(str(path))


class _Naming:
    def pid(self, number):
        return {12: "actor 0"}.get(number, str(number))


def test_reports_differ_by_what_a_program_did_and_not_by_process_ids():
    stat = b"12 (a (b) c) R 1 12 12 1089 12 4194304 5 0 0 0 1 2 0 0 20 0 1 0 99 1000 2\n"
    assert reports.lines("/proc/self/stat", stat, _Naming())[0].startswith("actor 0 a (b) c R or S 1 actor 0 actor 0 1089 actor 0 any any")
    status = b"Name:\tx\nVmSize:\t  12 kB\nPid:\t12\nSigQ:\t1/811\nSigIgn:\t0000000000000002\n"
    assert reports.lines("/proc/self/status", status, _Naming()) == ["Name: x", "Pid: actor 0", "SigQ: 1", "SigIgn: 0000000000000002"]
    assert reports.lines("/proc/self/fd/3", b"/proc/12/task/12/stat", _Naming()) == ["/proc/actor 0/task/actor 0/stat"]


def test_what_a_terminal_shows_belongs_to_the_sequence_before_its_mark():
    payloads = {0: b"", 1: b"", 2: b""}
    frames.add_terminal_output(payloads, b"one\x1e0\x1e\x1e1\x1etwo\r\n\x1e2\x1erest")
    shown = [frames.decode(payload).terminal for payload in payloads.values()]
    assert shown == [b"one", b"", b"two\r\n"]


def written_by(name, shape, data, pid):
    sequence = Sequence((Call(0, 0, name, (Buffer(len(data), b"", OUT, (), shape),)),))
    return sequence, answered_with(sequence.calls[0], len(data), data, pid)


@pytest.mark.parametrize(("name", "shape", "linux", "ours", "other"), [
    # A name that the kernel chose is that name again, and nothing else.
    ("getsockname", "sockaddr", b"\1\0\0001f3a0\xa5", b"\1\0\00000001\xa5", b"\1\0\0x0001\xa5"),
    # Credentials: whose they are, but the user is compared.
    ("recvmsg", "control", struct.pack("<QIIiII", 28, 1, 2, 1079, 0, 0), struct.pack("<QIIiII", 28, 1, 2, 1002, 0, 0),
     struct.pack("<QIIiII", 28, 1, 2, 1002, 1000, 0)),
    ("getsockopt", "option 17", struct.pack("<iII", 1079, 0, 0), struct.pack("<iII", 1002, 0, 0), struct.pack("<iII", 1003, 0, 0)),
    ("read", "signalfd_siginfo", struct.pack("<IiiI112x", 10, 0, 0, 1079), struct.pack("<IiiI112x", 10, 0, 0, 1002),
     struct.pack("<IiiI112x", 12, 0, 0, 1002)),
])
def test_of_what_sockets_and_signal_descriptors_tell_only_numbers_of_the_kernels_choice_may_differ(name, shape, linux, ours, other):
    sequence, theirs = written_by(name, shape, linux, 1079)
    assert difference(sequence, theirs, written_by(name, shape, ours, 1002)[1]) is None
    assert difference(sequence, theirs, written_by(name, shape, other, 1002)[1]) is not None


def test_a_word_names_the_thread_that_holds_it():
    sequence = Sequence((Call(0, CALL_GET_WORD, "word", (0x18000000,)),))
    theirs = event(frames.PID, 0, 0, 1079) + reply(0, 1079 | 1 << 31)
    assert difference(sequence, theirs, event(frames.PID, 0, 0, 1002) + reply(0, 1002 | 1 << 31)) is None
    assert difference(sequence, theirs, event(frames.PID, 0, 0, 1002) + reply(0, 1002)) is not None
    assert difference(sequence, theirs, event(frames.PID, 0, 0, 1002) + reply(0, 1 << 31)) is not None


def test_a_lock_in_proc_is_its_owners_and_its_files():
    line = "1: POSIX  ADVISORY  WRITE {} {} 0 9\n"
    sequence, theirs = written_by("read", "/proc/locks", line.format(1079, "00:1b:3").encode(), 1079)
    assert difference(sequence, theirs, written_by("read", "/proc/locks", line.format(1002, "00:17:40").encode(), 1002)[1]) is None
    assert difference(sequence, theirs, written_by("read", "/proc/locks", line.format(1, "00:17:40").encode(), 1002)[1]) is not None
