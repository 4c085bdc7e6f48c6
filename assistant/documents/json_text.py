"""Read JSON and JSON Lines: each value in a line of its own, after the path that leads to it.

Nothing is recursive here, so that no nesting is too deep for the stack: Python's own decoder
is asked for scalars only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.text_encoding import decode_text
from assistant.types.documents import ParsedDocument, ReadOptions

_MAX_DEPTH = 200
_LONGEST_PATH = 120
_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]|\\.)*+")'
    r"|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))",
    re.DOTALL,
)
_BLANK = re.compile(r"[ \t\r\n]*\Z")


@dataclass(slots=True)
class _Level:
    """An open array or object: the index or the key that is at work."""

    is_object: bool
    index: int = 0
    key: str = ""

    @property
    def step(self) -> str:
        return self.key if self.is_object else f"[{self.index}]"


def read_json(data: bytearray, kind: Kind, options: ReadOptions) -> ParsedDocument:
    """Return a line for each scalar, "order.items[2].price: 12.5". Raises `ParseFault`.

    Numbers stand as the file writes them. Records of an array, or of JSON Lines, are
    paragraphs of their own, so that what belongs together is found together.
    """
    text = decode_text(data, options.encoding)
    builder = DocumentBuilder(kind)
    if kind == "jsonl":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                _write(builder, line, f"line {number}")
    else:
        _write(builder, text, "")
    return builder.finish()


def _write(builder: DocumentBuilder, text: str, place: str) -> None:
    record: tuple[str, ...] | None = None
    line, counted, lined = 1, 0, "\n" in text.strip()
    for at, path, value in _scalars(text):
        line, counted = line + text.count("\n", counted, at), at
        begins = path[:1] if path[:1] and path[0].startswith("[") else path[:-1]
        if record is not None and begins != record:
            builder.write("\n")
        record = begins
        builder.locate(place or (f"line {line}" if lined else _joined(begins)))
        name = _joined(path)
        builder.write(f"{name}: {value}\n" if name else f"{value}\n")
    builder.write("\n")


def _scalars(text: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield the offset, the path and the words of each scalar. Raises `ParseFault`."""
    open_levels: list[_Level] = []
    at, wants_key, done = 0, False, False
    while not _BLANK.match(text, at):
        found = _TOKEN.match(text, at)
        if found is None or done:
            raise ParseFault("json_damaged", number=_line(text, at))
        mark, string, scalar = found.groups()
        if mark:
            wants_key = _enter(open_levels, mark, text, at)
        elif string and wants_key:
            open_levels[-1].key = _unquoted(string, text, at)
            wants_key = False
        else:
            value = _unquoted(string, text, at) if string else scalar
            if value.strip():
                path = tuple(level.step for level in open_levels)
                yield found.start(2) if string else found.start(3), path, one_line(value)
        done = not open_levels
        at = found.end()
    if open_levels:
        raise ParseFault("json_damaged", number=_line(text, at))


def _enter(levels: list[_Level], mark: str, text: str, at: int) -> bool:
    """Take one mark of structure; return whether a key comes next."""
    if mark in "{[":
        if len(levels) >= _MAX_DEPTH:
            raise ParseFault("nested_too_deep", number=_MAX_DEPTH)
        levels.append(_Level(mark == "{"))
        return mark == "{"
    if not levels or (mark in "}]" and levels[-1].is_object != (mark == "}")):
        raise ParseFault("json_damaged", number=_line(text, at))
    if mark in "}]":
        levels.pop()
    elif mark == ",":
        levels[-1].index += 1
        return levels[-1].is_object
    return False


def _unquoted(string: str, text: str, at: int) -> str:
    try:
        return str(json.loads(string, strict=False))
    except ValueError as error:
        raise ParseFault("json_damaged", number=_line(text, at)) from error


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _joined(path: tuple[str, ...]) -> str:
    words = "".join(step if step.startswith("[") else f".{step}" for step in path).lstrip(".")
    words = one_line(words)
    return words if len(words) <= _LONGEST_PATH else "..." + words[-_LONGEST_PATH:]
