"""A reply from the child is believed in nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.documents import parser_protocol
from assistant.documents.parse_errors import CODES, OTHER_KINDS, ParseFault, document_error
from assistant.types import Heading, Locator, Note, ParsedDocument, Region, RunningText

GOOD: dict[str, Any] = {
    "text": "",
    "page_starts": [0, 4],
    "media_type": "application/pdf",
    "title": "T",
    "headings": [{"start": 0, "level": 1, "title": "A"}, {"start": 4, "level": 2, "title": "B"}],
}


def heading(start: Any, level: Any, title: Any) -> dict[str, Any]:
    return {"start": start, "level": level, "title": title}


def reply(meta: object, text: bytes = b"one\ntwo\n", kind: int = 1) -> bytes:
    packed = json.dumps(meta).encode()
    return parser_protocol.REPLY.pack(b"AQ2\n", kind, len(packed), len(text)) + packed + text


def test_a_document_comes_through() -> None:
    document = ParsedDocument(
        "one\ntwo\n",
        (0, 4),
        "application/pdf",
        "T",
        headings=(Heading(0, 1, "A"),),
        locators=(Locator(0, "page i (sheet 1)"), Locator(4, "page 1 (sheet 2)")),
        running=(RunningText(2, "foot", "Draft\n"),),
        regions=(Region(4, 7, "ocr", 0.5),),
        notes=(Note("pages_without_text", 1, "", (2,)),),
    )
    assert (
        parser_protocol.unpack_reply(b"".join(parser_protocol.pack_document(document))) == document
    )
    assert parser_protocol.unpack_reply(reply(GOOD)).text == "one\ntwo\n"


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
        {"page_starts": []},
        {"page_starts": [1]},
        {"page_starts": [0, 5, 4]},
        {"page_starts": [0, 9]},
        {"page_starts": [0, True]},
        {"page_starts": [0, 1.5]},
        {"page_starts": "0"},
        {"media_type": "text/x-other"},
        {"media_type": ["text/plain"]},
        {"title": 5},
        {"title": "a\x1b[0m"},
        {"title": "x" * 500},
        {"headings": [heading(0, 0, "A")]},
        {"headings": [heading(0, 1, "")]},
        {"headings": [heading(8, 1, "A")]},
        {"headings": [heading(4, 1, "A"), heading(0, 1, "B")]},
        {"headings": [[0, 1]]},
        {"headings": {"0": 1}},
        {"text": "another text"},
        {"locators": [{"start": 9, "label": "page 1"}]},
        {"locators": [{"start": 0, "label": "a\nb"}]},
        {"locators": [{"start": 4, "label": "b"}, {"start": 0, "label": "a"}]},
        {"running": [{"page": 3, "position": "foot", "text": "x"}]},
        {"running": [{"page": 1, "position": "side", "text": "x"}]},
        {"regions": [{"start": 0, "end": 0, "kind": "ocr"}]},
        {"regions": [{"start": 0, "end": 2, "kind": "other"}]},
        {"regions": [{"start": 0, "end": 2, "kind": "ocr", "confidence": 1.5}]},
        {"notes": [{"code": "no such"}]},
        {"notes": [{"code": "pages_without_text", "pages": [3]}]},
    ],
)
def test_one_wrong_field_is_enough(change: dict[str, Any]) -> None:
    with pytest.raises(ParseFault, match="bad_reply"):
        parser_protocol.unpack_reply(reply({**GOOD, **change}))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"AQ2\n",
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
        parser_protocol.REPLY.pack(b"AQ2\n", 1, 40_000, 0) + b"[" * 40_000,
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
        document = parser_protocol.unpack_reply(bytes(raw))
        fine = document.page_starts[-1] <= len(document.text)
    except ParseFault as fault:
        fine = fault.code in CODES and fault.label in OTHER_KINDS
    assert fine
