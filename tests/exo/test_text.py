"""What is left of a machine's output when it is shown."""

import pytest
from exo.text import plain


@pytest.mark.parametrize("raw, shown", [
    ("plain \t text", "plain \t text"),
    ("\x1b[2J\x1b[01;01HBooting\x1b[0;37;40m `Exo'", "Booting `Exo'"),
    ("\x1b]0;title\x07after", "after"),
    ("\x1b(Bx\x1b=y\x1b[?25lz", "xyz"),
    ("end\r", "end"),
    ("a\x07b\x00\x9bc\x1b", "a\\x07b\\x00\\x9bc\\x1b"),
    ("üñ", "üñ"),
])
def test_plain(raw, shown):
    assert plain(raw) == shown
