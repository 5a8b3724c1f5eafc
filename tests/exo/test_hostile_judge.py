"""What `exo test hostile` makes of what came of its machines, without one."""

import struct

import pytest

from campaign.hostile import judge
from campaign.machines import frames, machine
from campaign.sequences.sequence import Sequence


def counts(free=1000, shared=0, slab=50, committed=70, processes=3, threads=9):
    return struct.pack("<HHHHiI6Q", frames.COUNTS, 0, 0, 0, 0, 48, free, shared, slab, committed, processes, threads)


class Kernel:
    """Instead of a machine: what it does of a batch depends on who is in it."""

    def __init__(self, panics_at=None, leaks=None, needs=None, puts_by=0, stays=None, races=None):
        self.panics_at, self.leaks, self.needs, self.puts_by, self.stays, self.races = panics_at, leaks, needs, puts_by, stays, races
        self.runs = []

    def run(self, sequences, rounds=judge.ROUNDS):
        seeds = [sequence.seed for sequence in sequences]
        self.runs.append(seeds)
        run, lost = machine.Run(), 0
        for index, seed in enumerate(seeds * rounds):
            lost += 1000 if seed == self.leaks else 0
            lost += self.puts_by if index == len(seeds) * (judge.ROUNDS - 1) else 0
            if seed == self.panics_at and (self.needs is None or self.needs in seeds):
                run.end, run.words = "the kernel panicked", "panic: it"
                return run
            if seed == self.stays:
                run.long_stays.append("watchdog: exe (7) was in the kernel for 20000 us")
            if seed == self.races:
                for line in ("[ 1.0] KCSAN: data race: write of 8 bytes", "[ 1.0] KCSAN:   f+1", "[ 1.0] KCSAN: end of report 1"):
                    run.races.take(line)
            run.payloads[index] = counts(free=100_000 - lost)
        run.is_complete = run.is_alive = True
        return run


@pytest.fixture
def judged(monkeypatch):
    def judge_with(kernel, seeds=range(10, 30)):
        one = judge.Judge(None)
        monkeypatch.setattr(one, "run", kernel.run)
        sequences = [Sequence((), seed, "race") for seed in seeds]
        portion = one.judge(sequences, kernel.run(sequences))
        assert portion.sequences == len(sequences) and portion.failures == len(one.failures)
        return one.failures
    return judge_with


def test_what_leaves_nothing_behind_passes(judged):
    assert judged(Kernel()) == []


def test_a_sequence_that_panics_alone_is_named_alone(judged):
    (failure,) = judged(Kernel(panics_at=17))
    assert "seed 17 (race), in round 1: the kernel panicked" in failure
    assert "again: ./exo test hostile --seed 17 --count 1 --jobs 1\n" in failure and "panic: it" in failure


def test_one_that_needs_another_before_it_comes_with_it(judged):
    kernel = Kernel(panics_at=17, needs=15)
    (failure,) = judged(kernel)
    assert "again: ./exo test hostile --seed 15 --count 5 --jobs 1\n" in failure
    assert [17] in kernel.runs


def test_a_leak_is_traced_to_its_sequence(judged):
    (failure,) = judged(Kernel(leaks=23))
    assert "seeds 23 to 23 leave something behind: free: 1000 KiB in 1 rounds" in failure
    assert "--seed 23 --count 1" in failure


def test_what_is_put_by_once_is_not_lost(judged):
    assert judged(Kernel(puts_by=100)) == []
    assert len(judged(Kernel(puts_by=150))) == 1  # more than all rounds together may cost


def test_a_kept_one_is_repeated_by_its_line(judged):
    (failure,) = judged(Kernel(panics_at="kept 2"), ["kept 1", "kept 2"])
    assert "again: ./exo test hostile --kept 2\n" in failure


@pytest.mark.parametrize("change", [{"processes": 4}, {"processes": 2}, {"committed": 74}, {"committed": 66}, {"slab": 52}, {"shared": 4}])
def test_whatever_is_left_counts(change):
    run = machine.Run()
    run.payloads = {0: counts(), 1: counts(), 2: counts(**change)}
    run.is_complete = run.is_alive = True
    assert next(iter(change)) in judge._problem([Sequence((), 1)], run)


def test_what_holds_the_machine_up_fails_and_is_named_alone(judged):
    (failure,) = judged(Kernel(stays=14))
    assert "seeds 14 to 14 hold the machine up (3 times)" in failure and "exe (7)" in failure


def test_data_races_fail_the_batch_and_nothing_is_run_again(judged):
    kernel = Kernel(races=14)
    (failure,) = judged(kernel)
    assert f"seeds 10 to 29 show {judge.ROUNDS} data races:\nKCSAN: data race: write of 8 bytes\n  f+1\n\n" in failure
    assert len(kernel.runs) == 1


def test_reports_of_races_are_found_in_pieces_of_output():
    run = machine.Run()
    output = b"@@x\r\n[ 1.2] KCSAN: data race\r\nother\nhalf a li[ 1.2] KCSAN:   f+1\n[ 1.2] KCSAN: end of report 1\n[ 2.0] KCSAN: cut off\nend\n"
    words = b""
    for at in range(0, len(output), 7):
        machine.note_reports(run, words, output[at:at + 7])
        words += output[at:at + 7]
    assert run.races.all() == ["data race\n  f+1", "cut off\n(the rest is missing)"]


def test_reports_of_the_watchdog_are_found_in_pieces_of_output():
    run = machine.Run()
    output = b"hello\r\n[1.0] watchdog: exe (7) was in\nother\n[2.0] watchdog: b\n[3.0] watchdog: unfinished"
    words = b""
    for at in range(0, len(output), 7):
        machine.note_reports(run, words, output[at:at + 7])
        words += output[at:at + 7]
    assert run.long_stays == ["watchdog: exe (7) was in", "watchdog: b"]
