"""Sequences that come from others: their names alone give them again."""


import pytest
from test_cross import descriptions_of_all

from campaign.rules import generate, lineage


@pytest.fixture(scope="module")
def generator():
    return generate.Generator(descriptions_of_all())


def common(one, other):
    """How many calls at the start are the same."""
    return next((index for index, (a, b) in enumerate(zip(one.calls, other.calls)) if a != b), min(len(one.calls), len(other.calls)))


def test_a_seed_is_a_name(generator):
    assert lineage.sequence(generator, "20040") == generator.sequence(20040)


def test_a_name_gives_the_same_sequence_again(generator):
    for name in ("20040.77", "20040.77.3", "1.0.0.0"):
        made = lineage.sequence(generator, name)
        assert made == lineage.sequence(generator, name) and made.seed == name and made.calls


def test_a_child_begins_like_its_parent_and_ends_otherwise(generator):
    kept = []
    for seed in range(40):
        parent = str(seed)
        for depth in range(3):
            child = lineage.child(parent, depth)
            one, other = lineage.sequence(generator, parent), lineage.sequence(generator, child)
            assert common(one, other) >= 1 and one.calls != other.calls
            kept.append(common(one, other) / len(one.calls))
            parent = child
    assert min(kept) < 0.3 and max(kept) == 1.0  # from the first call to all of them


def test_siblings_differ(generator):
    calls = [lineage.sequence(generator, lineage.child("5", number)).calls for number in range(20)]
    assert len(set(calls)) == 20


def test_what_is_no_name(generator):
    for text in ("", "x", "5.", ".5", "5.-1", "5.x"):
        assert not lineage.is_name(text)
        with pytest.raises(ValueError, match="neither a seed nor a lineage"):
            lineage.sequence(generator, text)
