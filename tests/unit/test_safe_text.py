"""The display gate: properties over all of Unicode, and the attacks it is for."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.safe_text import NEWLINE_SIGN, TAB_SIGN, safe_text

# Format characters that print a glyph of their own (Arabic and other number signs).
VISIBLE_FORMATS = {
    *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD,
}  # fmt: skip
INVISIBLE_LETTERS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


def forbidden(character: str) -> bool:
    code = ord(character)
    if character in "\n\t" or code in VISIBLE_FORMATS:
        return False
    variation = "VARIATION SELECTOR" in unicodedata.name(character, "")
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    category = unicodedata.category(character)
    return (
        category in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or code in INVISIBLE_LETTERS
        or variation
        or noncharacter
        or 0xE0000 <= code <= 0xE0FFF
    )


def test_every_code_point_of_unicode_is_let_through_or_handled() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        out = safe_text(character)
        assert not any(map(forbidden, out)), f"U+{code:04X} leaves as {out!a}"
        if not forbidden(character) and not 0x13430 <= code <= 0x1345F:
            handled = 0xFFF0 <= code <= 0xFFFB or 0x2060 <= code <= 0x206F
            assert out == character or handled, f"U+{code:04X} is changed to {out!a}"


@given(anything, st.booleans())
@example("\x1b]52;c;aGk=\x07", False)
def test_nothing_forbidden_leaves(text: str, single_line: bool) -> None:
    out = safe_text(text, single_line=single_line)
    assert not any(map(forbidden, out))
    if single_line:
        assert not set("\n\t") & set(out)
    out.encode("utf-8")


@given(anything, anything, st.booleans())
@example("\x1b", "]0;owned\x07", False)
@example("\r", "\n", True)
def test_pieces_and_whole_agree_and_twice_is_once(first: str, second: str, line: bool) -> None:
    whole = safe_text(first + second, single_line=line)
    pieces = safe_text(first, single_line=line) + safe_text(second, single_line=line)
    assert whole == pieces
    assert safe_text(whole, single_line=line) == whole


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]52;c;aGk=\x07", "]52;c;aGk="),
        ("\x9b2J", "2J"),
        ("a\u202egpj.exe", "a<U+202E>gpj.exe"),
        ("pass\u200bword", "pass<U+200B>word"),
        ("co\u00adoperate", "co-operate"),
        ("\ud800", "\ufffd"),
        ("x\U000e0041", "x<U+E0041>"),
        ("line\u2028two", "line<U+2028>two"),
        ("a\r\nb", "a\nb"),
        ("caf\u00e9 \u4e2d\u6587 \U0001f600", "caf\u00e9 \u4e2d\u6587 \U0001f600"),
    ],
)
def test_known_attacks_are_inert_and_visible(hostile: str, shown: str) -> None:
    assert safe_text(hostile) == shown


def test_single_line_shows_breaks() -> None:
    assert safe_text("a\nb\tc", single_line=True) == f"a{NEWLINE_SIGN}b{TAB_SIGN}c"


def test_long_text_is_fast() -> None:
    text = "An ordinary line of a contract, clause 7.2.\n" * 50_000
    begun = time.perf_counter()
    assert safe_text(text) == text
    safe_text("\u202e\x1b" * 200_000)
    assert time.perf_counter() - begun < 5.0
