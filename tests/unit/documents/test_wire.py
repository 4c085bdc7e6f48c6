"""A reply from the child is believed in nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.documents import parser_protocol
from assistant.documents.parse_errors import CODES, OTHER_KINDS, ParseFault, document_error

GOOD: dict[str, Any] = {
    "pages": [0, 4],
    "media": "application/pdf",
    "title": "T",
    "headings": [[0, 1, "A"], [4, 2, "B"]],
}


def reply(meta: object, text: bytes = b"one\ntwo\n", kind: int = 1) -> bytes:
    packed = json.dumps(meta).encode()
    return parser_protocol.REPLY.pack(b"AQ1\n", kind, len(packed), len(text)) + packed + text


def test_a_document_comes_through() -> None:
    parts = parser_protocol.pack_document(
        "one\ntwo\n", [0, 4], "application/pdf", "T", [(0, 1, "A")]
    )
    text, meta = parser_protocol.unpack_reply(b"".join(parts))
    assert (text, meta["pages"], meta["title"]) == ("one\ntwo\n", [0, 4], "T")
    assert parser_protocol.unpack_reply(reply(GOOD))[0] == "one\ntwo\n"


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_fault_comes_through_and_reads_well(code: str) -> None:
    packed = b"".join(parser_protocol.pack_fault(ParseFault(code, number=3, label="picture")))
    with pytest.raises(ParseFault) as fault:
        parser_protocol.unpack_reply(packed)
    assert (fault.value.code, fault.value.number, fault.value.label) == (code, 3, "picture")
    error = document_error("a\x1b[31m\nb.pdf", fault.value, memory_mb=64, seconds=5)
    assert "b.pdf" in error.message
    assert error.hint
    assert (error.message + error.hint).isprintable()
    assert "{" not in error.message + error.hint


@pytest.mark.parametrize(
    "change",
    [
        {"pages": []},
        {"pages": [1]},
        {"pages": [0, 5, 4]},
        {"pages": [0, 9]},
        {"pages": [0, True]},
        {"pages": [0, 1.5]},
        {"pages": "0"},
        {"media": "text/html"},
        {"media": ["text/plain"]},
        {"title": 5},
        {"title": "a\x1b[0m"},
        {"title": "x" * 500},
        {"headings": [[0, 0, "A"]]},
        {"headings": [[0, 1, ""]]},
        {"headings": [[8, 1, "A"]]},
        {"headings": [[4, 1, "A"], [0, 1, "B"]]},
        {"headings": [[0, 1]]},
        {"headings": {"0": 1}},
        {"extra": 1},
    ],
)
def test_one_wrong_field_is_enough(change: dict[str, Any]) -> None:
    with pytest.raises(ParseFault, match="bad_reply"):
        parser_protocol.unpack_reply(reply({**GOOD, **change}))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"AQ1\n",
        reply(GOOD)[:-1],
        reply(GOOD) + b"x",
        reply(GOOD, b"\xff\xfe"),
        reply(GOOD, b"a\x00bcdefgh"),
        reply(GOOD, b"    \n   "),
        reply([1]),
        reply(GOOD, kind=7),
        reply({"code": "no such", "number": 0, "label": "text"}, kind=2),
        reply({"code": "empty", "number": "1", "label": "text"}, kind=2),
        reply({"code": "empty", "number": 1, "label": "<b>"}, kind=2),
        reply({"code": ["empty"], "number": 1, "label": "text"}, kind=2),
        parser_protocol.REPLY.pack(b"AQ1\n", 1, 40_000, 0) + b"[" * 40_000,
    ],
)
def test_malformed_replies(raw: bytes) -> None:
    with pytest.raises(ParseFault, match="bad_reply"):
        parser_protocol.unpack_reply(raw)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_noise_in_a_good_reply_never_raises_anything_else(noise: bytes, at: int) -> None:
    raw = bytearray(reply(GOOD))
    raw[at : at + len(noise)] = noise
    try:
        text, meta = parser_protocol.unpack_reply(bytes(raw))
        fine = meta["pages"][-1] <= len(text)
    except ParseFault as fault:
        fine = fault.code in CODES and fault.label in OTHER_KINDS
    assert fine
