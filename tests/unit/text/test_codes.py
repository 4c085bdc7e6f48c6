"""Codes are one term each, however their parts are joined; words and quantities are none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.codes import JOIN, find_codes
from assistant.text.words import content_stems, topic_words

SAME = [
    ("AX-4417/A", "ax-4417/a"),
    ("AX-4417/A", "AX4417A"),
    ("BX-100/II", "bx100-ii"),
    ("ISO 9001", "ISO-9001"),
    ("COVID-19", "covid-19"),
    ("H5N1", "h5n1"),
    ("\u00a7 12(3)", "section 12 (3)"),
    ("\u00a7 12(3)", "Sec. 12(3)"),
    ("Section 11.4", "\u00a7 11(4)"),
    ("Art. 5", "article 5"),
    ("Fig. 2", "figure 2"),
    ("vitamin D", "vit. D"),
    ("Form W-9", "form W-9"),
]
APART = [
    ("AX-4417/A", "AX-4417/B"),
    ("AX-4417/A", "AX-4471/A"),
    ("AX-4417/A", "XA-4417/A"),
    ("BX-100/I", "BX-100/II"),
    ("section 11(4)", "section 11(3)"),
    ("section 1.14", "section 11.4"),
    ("Annex I", "Annex II"),
    ("type A", "type B"),
    ("type A", "type AB"),
    ("room 4", "gate 4"),
    ("B12", "B6"),
]
NONE = [
    "24-month term",
    "5 mg",
    "12.5mg",
    "230V",
    "the 3rd time",
    "the 1990s",
    "2024-05-03",
    "03/04/2024",
    "12:30",
    "1,240 ropes",
    "12 m2",
    "part of a whole",
    "type a letter",
    "THE FERRIES ACT",
    "A PART OF IT",
    "A SECTION IN THE",
    "PROVIDED THAT THE SELLER IS",
    "e.g. this",
    "a section is",
    "it is who we are",
]


def terms(text: str) -> list[str]:
    return [code.term for code in find_codes(text)]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_code_in_two_spellings_is_one_term(one: str, other: str) -> None:
    if " " in other and other.split(maxsplit=1)[0].islower() and JOIN not in "".join(terms(other)):
        pytest.skip("small letters with spaces are words")
    assert len(terms(one)) == 1
    assert terms(one) == terms(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_codes_that_differ_in_a_sign_are_two(one: str, other: str) -> None:
    assert len({*terms(one), *terms(other)}) == 2
    assert content_stems(one) != content_stems(other)


@pytest.mark.parametrize("text", NONE)
def test_words_quantities_and_dates_are_no_codes(text: str) -> None:
    assert terms(text) == []


@pytest.mark.parametrize(
    ("text", "acronyms"),
    [
        ("WHO", ["who"]),
        ("Where is IT?", ["it"]),
        ("US visitors need it", ["us"]),
        ("The OR is cleaned", ["or"]),
        ("an AS patient", ["as"]),
        ("cats OR dogs", []),
        ("WHO IS THERE", []),
        ("who is it", []),
        ("HEADING OF IT\nHere IT works", ["it"]),
    ],
)
def test_stop_words_in_capitals_are_names(text: str, acronyms: list[str]) -> None:
    assert terms(text) == [f"{word}{JOIN}" for word in acronyms]


@pytest.mark.parametrize("code", ["AX-4417/A", "section 11(4)", "Annex I", "type A", "IT", "WHO"])
def test_a_question_is_about_its_code(code: str) -> None:
    question = f"What is {code} about?"
    assert code in topic_words(question)
    assert set(terms(question)) <= content_stems(question)


@given(st.text(max_size=60))
def test_codes_stand_where_they_say(text: str) -> None:
    found = find_codes(text)
    assert all(0 <= code.start < code.end <= len(text) for code in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
