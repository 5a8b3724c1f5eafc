"""Text of a machine for a reader's terminal: nothing in it moves the cursor or changes colours."""

from __future__ import annotations

import re

# ECMA-48, 5.4: a control sequence; 5.3: the other escape sequences; 8.3.89: a string up to its terminator.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def plain(line: str) -> str:
    """The line without escape sequences; any other control character but the tab is shown as \\xNN."""
    return CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", SEQUENCE.sub("", line).rstrip("\r"))
