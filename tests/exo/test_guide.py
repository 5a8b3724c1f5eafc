"""Which sequences a guided cross-check runs next."""

import struct

from campaign.compare import compare
from campaign.guide import guide
from campaign.guide.novelty import Novelty, features
from campaign.machines import frames
from campaign.sequences.sequence import IN, Buffer, Call, Process, Result, Sequence


def one_call(name, *arguments, seed=0):
    return Sequence((Call(0, 1, name, arguments),), seed)


def make(name):
    """Fresh ones read more and more bytes; every child writes."""
    parts = name.split(".")
    return one_call("read" if len(parts) == 1 else "write", int(parts[-1]), seed=name)


def test_without_guidance_seeds_come_in_order():
    plain = guide.Guide(make, 7, is_guiding=False)
    assert [sequence.seed for sequence in plain.batch(3) + plain.batch(2)] == ["7", "8", "9", "10", "11"]
    plain.note(make("7"), (1, 2))
    assert plain.reached == {1, 2}  # it is counted all the same


def test_who_reached_new_code_gets_children():
    guided = guide.Guide(make, 0, is_guiding=True)
    first = guided.batch(50)
    assert not any("." in sequence.seed for sequence in first)
    for sequence in first:
        guided.note(sequence, ())
    guided.note(first[3], (10, 11))
    guided.note(first[4], (10,))  # nothing new
    children = [sequence.seed for sequence in guided.batch(200) if "." in sequence.seed]
    assert 20 < len(children) < 120
    assert len(set(children)) == len(children)
    assert {name.split(".")[0] for name in children} == {first[3].seed}


def test_the_same_results_lead_to_the_same_sequences():
    def names():
        guided = guide.Guide(make, 5, is_guiding=True)
        found = []
        for index in range(4):
            batch = guided.batch(20)
            for place, sequence in enumerate(batch):
                guided.note(sequence, (index, place % 3))
            found += [sequence.seed for sequence in batch]
        return found

    assert names() == names()


def test_what_has_not_been_tried_comes_first():
    novelty = Novelty()
    known, other = one_call("read", 5), one_call("read", 6)
    assert novelty.score(known) == novelty.score(other) > 0
    for _ in range(5):
        novelty.take(known)
    assert novelty.score(known) == 0 < novelty.score(other)


def test_calls_that_found_something_are_worth_more():
    novelty = Novelty()
    for name in ("read", "write"):
        for index in range(10):
            made = one_call(name, index, seed=f"{name}{index}")
            novelty.take(made)
            novelty.credit(made, 5 if name == "write" else 0)
    assert novelty.score(one_call("write", 50)) > novelty.score(one_call("read", 50))
    before = novelty.score(one_call("write", 50))
    for _ in range(30):
        novelty.fade()
    assert 0 < novelty.score(one_call("write", 50)) < before


def test_what_makes_two_calls_different():
    def path(text):
        return Buffer(len(text), text, IN, (), "path")

    same = [(one_call("a", 1 << 20), one_call("a", (1 << 20) + 16)), (one_call("a", Result(1)), one_call("a", Result(2)))]
    different = [(one_call("a", 1), one_call("a", 2)), (one_call("a", path(b"x")), one_call("a", path(b"y"))),
                 (one_call("a", Process(0)), one_call("a", Process(0, True))), (one_call("a", 0), one_call("b", 0))]
    assert all(features(one) == features(other) for one, other in same)
    assert all(features(one) != features(other) for one, other in different)
    ordered = Sequence((Call(0, 1, "a", ()), Call(1, 2, "b", ()), Call(0, 3, "c", ())))
    assert features(ordered) == {("c", "a")}  # of the same actor


def test_what_a_sequence_reached_is_no_difference():
    reached = struct.pack("<HHHHiI", frames.REACHED, 0, 0, 0, 0, 8) + struct.pack("<2I", 7, 70000)
    record = frames.decode(reached)
    assert record.reached == (7, 70000) and record.events == []
    assert compare.Comparison({}, []).difference(one_call("read"), b"", reached) is None
