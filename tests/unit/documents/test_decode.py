"""Bytes to text: encodings, binary data, newlines."""

from __future__ import annotations

import codecs
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.documents.parse_errors import ParseFault
from assistant.documents.text_encoding import decode_text

TEXT = "Grüße from the Ward: 5 µg, “quoted” — see § 4.\nSecond line, 10 €.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_common_encodings(encoding: str) -> None:
    assert decode_text(bytearray(TEXT.encode(encoding))) == TEXT


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
    ],
)
def test_wide_encodings_with_and_without_mark(mark: bytes, encoding: str) -> None:
    assert decode_text(bytearray(mark + TEXT.encode(encoding))) == TEXT


def test_newlines_become_one_and_stray_nuls_go() -> None:
    assert decode_text(bytearray(b"a\r\nb\rc\nd\x00e")) == "a\nb\nc\nde"


def test_a_few_wrong_bytes_do_not_turn_utf8_into_western_text() -> None:
    data = ("ä" * 200).encode() + b"\xff" + ("ö" * 200).encode()
    assert decode_text(bytearray(data)) == "ä" * 200 + "\ufffd" + "ö" * 200


def test_form_is_kept_because_quotes_must_match() -> None:
    decomposed = "e\u0301 and ﬁ"
    assert decode_text(bytearray(decomposed.encode())) == decomposed


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x00" * 500,
        zlib.compress(random.Random(1).randbytes(900)),
        b"text\x01\x02\x03" * 50,
    ],
)
def test_binary_data_are_not_text(data: bytes) -> None:
    with pytest.raises(ParseFault) as fault:
        decode_text(bytearray(data))
    assert fault.value.code == "not_text"


@given(st.binary(max_size=2000))
def test_any_bytes_give_clean_text_or_a_fault(data: bytes) -> None:
    try:
        text = decode_text(bytearray(data))
    except ParseFault as fault:
        codes, text = [fault.code], ""
    else:
        codes = []
    assert codes in ([], ["not_text"], ["encoding_unclear"])
    assert "\x00" not in text
    assert "\r" not in text
    text.encode("utf-8")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=500))
def test_utf8_text_is_kept_as_it_is(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode_text(bytearray(text.encode())) == text
