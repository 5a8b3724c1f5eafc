"""Files that are either there as a whole or not at all."""

from __future__ import annotations

import os

from ..errors import ExoError


def write(path: str, text: str) -> None:
    """Errors: ExoError when that cannot be done."""
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise ExoError(f"{path}: {error.strerror}") from None
