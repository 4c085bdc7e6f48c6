"""Validate names from outside: the path of a store, and a name in a message."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import StoreError
from assistant.safe_text import safe_text


def usable_path(path: Path) -> Path:
    """Return `path` made absolute. Raises `StoreError` for one that SQLite can't open.

    SQLite takes paths as UTF-8 that ends at the first NUL; the system takes any bytes, which
    Python shows as lone surrogates. So this is checked before anything is made there.
    """
    path = path.absolute()
    text = str(path)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise StoreError(
            f"The path {shown(text)} is not text in UTF-8, so no library can be there.",
            hint="Rename the folder, or put the data folder elsewhere (--data-dir).",
        ) from None
    if "\0" in text:
        raise StoreError(
            "The path of the library holds a character that no file name can have.",
            hint="Put the data folder elsewhere (--data-dir), or name another library in the "
            "settings.",
        )
    return path


def storable(text: str) -> str:
    r"""Write what UTF-8 can't hold (a file name that is no text) as \udcXX."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(name: str) -> str:
    """Return a hostile name on one line, with nothing that a terminal obeys."""
    return safe_text(storable(name), single_line=True)
