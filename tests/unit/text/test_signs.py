"""Words of a person or a model are found in a document whatever its typography."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.sentences import lines, trimmed
from assistant.text.signs import PLAIN_SIGNS, phrase_pattern


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ('the "Supplier"', "and the \u201cSupplier\u201d shall"),
        ("the Buyer's pump", "of the\n  Buyer\u2019s pump."),
        ("2020-2024", "in 2020\u20132024"),
        ("\u201csame\u201d", 'the "same" again'),
        ("of a\nline", "end of a line"),
        ("What?", "what? nothing"),
        ("a.b", "a.b"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert phrase_pattern(phrase).search(text)


def test_a_phrase_is_no_pattern_of_its_own() -> None:
    assert not phrase_pattern("a.b").search("axb")
    assert not phrase_pattern("a...b").search("axxxb")


def test_whole_words_and_case_are_kept_if_asked_for() -> None:
    assert phrase_pattern("mont").search("24 months")
    assert not phrase_pattern("mont", whole_words=True).search("24 months")
    assert phrase_pattern("May").search("it may end in May").start() == 3  # type: ignore[union-attr]
    found = phrase_pattern("May", ignore_case=False).search("it may end in May")
    assert found is not None
    assert found.start() == 14


@given(st.text(st.sampled_from([*PLAIN_SIGNS, *"ab.\"'- \n[]^\\"]), min_size=1, max_size=20))
def test_any_phrase_is_found_in_itself_and_in_its_plain_form(phrase: str) -> None:
    if phrase.split():
        assert phrase_pattern(phrase, whole_words=True).search(f"({phrase})")
        plain = "".join(
            PLAIN_SIGNS.get(c, c) if len(PLAIN_SIGNS.get(c, c)) == 1 else c for c in phrase
        )
        assert phrase_pattern(phrase).search(plain)


@given(st.text(st.sampled_from("ab \t\n"), max_size=30), st.data())
def test_lines_and_trimmed_spans(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    part = text[start:end]
    found = [text[a:b] for a, b in lines(text, start, end)]
    assert found == (part.removesuffix("\n").split("\n") if part else [])
    left, right = trimmed(text, start, end)
    assert text[left:right] == part.strip()
    assert start <= left <= right <= end
    assert re.fullmatch(r"\s*", text[start:left] + text[right:end] if left < right else part)
