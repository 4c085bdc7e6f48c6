"""Comparable texts keep the way back to the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.canonical import canonical, joined_lines, plain_form

awkward = st.text(
    st.sampled_from('ab A1.,-"\u201c\u2019\u2013\u2026\ufb01\u00ad\n\r\t \u00a0'), max_size=40
)


@given(awkward | st.text(max_size=40), st.booleans())
def test_every_canonical_character_has_its_origin(text: str, keep: bool) -> None:
    form = canonical(text, keep_line_hyphen=keep)
    assert len(form.text) == len(form.starts) == len(form.ends)
    assert list(form.starts) == sorted(form.starts)
    for at, character in enumerate(form.text):
        piece = text[form.starts[at] : form.ends[at]]
        assert piece
        if character.isalnum():
            assert character in piece + unicodedata.normalize("NFKC", piece)


@given(awkward | st.text(max_size=40), st.booleans(), st.data())
def test_offsets_of_the_comparable_form_lead_back(
    text: str, keep: bool, data: st.DataObject
) -> None:
    """What lies at the original place of some words has just these words as its own form."""
    form = canonical(text, keep_line_hyphen=keep)
    letters = [at for at, character in enumerate(form.text) if character.isalnum()]
    if not letters:
        return
    first, last = sorted(data.draw(st.tuples(*[st.sampled_from(letters)] * 2)))
    span = form.original_span(first, last + 1)
    if span is None:  # it would cut a ligature or a fraction in two
        assert not unicodedata.is_normalized("NFKC", text)
        return
    assert canonical(text[slice(*span)], keep_line_hyphen=keep).text == form.text[first : last + 1]


@given(awkward, st.booleans())
def test_letters_and_digits_are_never_lost(text: str, keep: bool) -> None:
    def kept(s: str) -> list[str]:
        return [c for c in s.replace("\ufb01", "fi") if c.isalnum()]

    assert kept(canonical(text, keep_line_hyphen=keep).text) == kept(text)


def test_forms() -> None:
    assert canonical("a \n\t b\u00a0c").text == "a b c"
    assert canonical("\u201cx\u201d \u2013 \u2019s\u2026").text == '"x" - \'s...'
    assert canonical("inter-\n  national").text == "international"
    assert canonical("long-\nterm", keep_line_hyphen=True).text == "long-term"
    assert canonical("1990-\n1999").text == "1990- 1999"
    assert canonical("co\u00adoperate \ufb01t").text == "cooperate fit"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("amphib\u00adi\u00ad\nous", "amphibious"),
        ("a\u200bb\u2060c\ufeffd\u200ee", "abcde"),
        ("Ju\u0308rgen", "J\u00fcrgen"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\uff21\uff11 \uff76\uff9e", "A1 \u30ac"),
        ("CO\u2082, H\u2082O", "CO2, H2O"),
        ("12 m\u00b2, 5 cm\u00b3", "12 m2, 5 cm3"),
        ("10\u00b2 and 10\u207b\u00b3", "10^2 and 10^-3"),
        ("the word\u00b9 says", "the word^1 says"),
        ("1\u00bd and \u00bd", "1 1/2 and 1/2"),
        ("Paralgan\u2122 90\u00ba", "Paralgan\u2122 90\u00ba"),
        ("5 \u00b5g", "5 \u03bcg"),
        ("\u043a\u043e\u0442-\n\u043b\u044b", "\u043a\u043e\u0442\u043b\u044b"),
        ("x-\nRay", "x- Ray"),
    ],
)
def test_characters_that_stand_for_others(text: str, form: str) -> None:
    assert canonical(text).text == plain_form(text) == form


@given(awkward | st.text(max_size=60), st.booleans())
def test_the_fast_form_is_the_same(text: str, keep: bool) -> None:
    assert plain_form(text, keep_line_hyphen=keep) == canonical(text, keep_line_hyphen=keep).text


def test_span_that_cuts_a_ligature_is_refused() -> None:
    form = canonical("\ufb01t")
    assert form.original_span(0, 3) == (0, 2)
    assert form.original_span(1, 3) is None
    assert form.original_span(2, 2) is None


def test_joined_lines_reads_like_one_line() -> None:
    assert (
        joined_lines("The inter-\nnational\n  rules  apply.") == "The inter-national rules apply."
    )
