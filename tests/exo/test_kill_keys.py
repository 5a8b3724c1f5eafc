"""When the kill keys are complete."""

import pytest
from exo.running.kill_keys import KillKeys
from exo.running.run import DEFAULT_KILL_KEYS, kill_keys


@pytest.mark.parametrize("typed, is_complete", [
    ([(b"\x1d\x1d\x1d", 0.0)], True),
    ([(b"text\x1d", 0.0), (b"\x1d", 0.5), (b"\x1dmore", 1.0)], True),
    ([(b"\x1d", 0.0), (b"\x1d", 0.6), (b"\x1d", 1.2)], False),
    ([(b"\x1d", 0.0), (b"\x1d", 0.6), (b"\x1d", 1.2), (b"\x1d", 1.4)], True),
    ([(b"\x1d\x1dx\x1d", 0.0)], False),
    ([(b"\x1d", 0.0), (b"\x1d\x1d\x1d", 5.0)], True),
    ([(b"x" * 1000000 + b"\x1d", 0.0), (b"\x1d\x1d", 0.9)], True),
])
def test_complete(typed, is_complete):
    keys = KillKeys(DEFAULT_KILL_KEYS)
    assert any([keys.complete(data, at) for data, at in typed]) == is_complete


@pytest.mark.parametrize("text, keys", [("ctrl-]", b"\x1d"), ("CTRL-a,q", b"\x01q"), ("ctrl-],ctrl-],ctrl-]", DEFAULT_KILL_KEYS),
                                        ("none", b"")])
def test_names_of_keys(text, keys):
    assert kill_keys(text) == keys


@pytest.mark.parametrize("text", ["", "ctrl-", "ctrl-1", "alt-x", "ab", "a,,b", "ü"])
def test_what_is_no_key(text):
    with pytest.raises(ValueError):
        kill_keys(text)
