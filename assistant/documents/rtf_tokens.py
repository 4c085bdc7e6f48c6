"""The tokens of Rich Text Format (RTF 1.9.1): control words, symbols, groups and text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?"
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\(.)"
    rb"|([{}])"
    rb"|([^\\{}\r\n]+)",
    re.DOTALL,
)


class Token(NamedTuple):
    """A control `word` ("{" and "}" too) and its number, or the bytes of a text."""

    word: str
    number: int | None
    text: bytes


_SYMBOLS = {b"~": b"\xa0", b"_": b"-", b"-": b"", b"\\": b"\\", b"{": b"{", b"}": b"}"}


def tokens(data: bytes | bytearray) -> Iterator[Token]:
    """Yield the tokens of a file; bytes after a `bin` are passed over."""
    at = 0
    while found := _TOKEN.search(data, at):
        at = found.end()
        word, number, code, symbol, brace, text = found.groups()
        if word:
            value = int(number) if number else None
            if word == b"bin":
                at += max(0, value or 0)
            yield Token(word.decode("ascii"), value, b"")
        elif code:
            yield Token("'", None, bytes.fromhex(code.decode("ascii")))
        elif symbol:
            if symbol in b"\r\n":
                yield Token("par", None, b"")
            elif symbol in _SYMBOLS:
                yield Token("", None, _SYMBOLS[symbol])
            else:
                yield Token("*" if symbol == b"*" else "other", None, b"")
        elif brace:
            yield Token(brace.decode("ascii"), None, b"")
        else:
            yield Token("", None, text)


CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
"""Code pages by the number of a font's charset."""
