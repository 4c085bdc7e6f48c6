"""Finding quotes in passages: exact characters, whole words, unchanged meaning."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.quote_location import RUN_WORDS, PassageIndex
from assistant.text.canonical import canonical
from tests.fakes.passages import make_passage

TEXT = (
    "The Supplier shall pay \u201cliquidated  damages\u201d of 1.5% per week \u2013 up to\n"
    "15 mg or \u2265 5 mg daily; the inter-\nnational rules and long-\nterm non-compliance "
    "don\u2019t apply before 12,000 hours at -5 \u00b0C."
)


VOCABULARY = ["alpha", "beta", "gamma", "delta", "1.5", "Epsilon"]


def spans(quote: str, *texts: str) -> list[str]:
    index = PassageIndex([make_passage(t, number=n) for n, t in enumerate(texts or (TEXT,), 1)])
    return [index.text(place) for place in index.find(quote)]


@pytest.mark.parametrize(
    ("quote", "original"),
    [
        ("shall pay", "shall pay"),
        ('"liquidated damages" of 1.5%', "liquidated  damages\u201d of 1.5%"),
        ("Liquidated damages", "liquidated  damages"),
        ("per week - up to 15 mg", "per week \u2013 up to\n15 mg"),
        ("international rules", "inter-\nnational rules"),
        ("long-term non-compliance", "long-\nterm non-compliance"),
        ("don't apply before", "don\u2019t apply before"),
        ("-5 \u00b0C", "-5 \u00b0C"),
        ("12,000 hours", "12,000 hours"),
        ("shall pay.", "shall pay"),
    ],
)
def test_found_with_the_documents_own_characters(quote: str, original: str) -> None:
    assert spans(quote) == [original]


@pytest.mark.parametrize(
    "quote",
    ["5 mg", "5%", "compliance", "uppli", "the supplier", "Supplier Shall", "12", "000 hours",
     "5 \u00b0C", "don", "liquidated penalties", "", "...", '"', "resign"],
)  # fmt: skip
def test_not_found_when_the_meaning_or_a_word_is_cut(quote: str) -> None:
    assert spans(quote, TEXT, "They may re-sign 0.5 mg.") == []


def test_ellipsis_joins_parts_of_one_passage_in_order() -> None:
    assert spans("The Supplier shall pay ... per week") == ["The Supplier shall pay", "per week"]
    assert spans("per week [...] The Supplier shall pay") == []
    assert spans("alpha beta \u2026 gamma delta", "alpha beta", "gamma delta") == []


def test_preferred_passage_is_taken_first() -> None:
    index = PassageIndex([make_passage("same words here", number=n) for n in (1, 2)])
    assert index.find("same words", prefer=[1])[0].passage == 1
    assert index.find("same words", prefer=[7])[0].passage == 0


texts = st.text(
    st.sampled_from('abAB12.,- "\u201c\u2019\u2026\ufb01\n\u00ad'), min_size=1, max_size=80
)


@given(texts, st.data())
def test_what_is_found_reads_like_what_was_quoted(text: str, data: st.DataObject) -> None:
    index = PassageIndex([make_passage(text, start=3, page=4)])
    quote = data.draw(texts | st.integers(0, len(text)).map(lambda a: text[a : a + 12]))
    for place in index.find(quote):
        original = text[place.start : place.end]
        assert index.text(place) == original
        forms = {canonical(original, keep_line_hyphen=k).text.casefold() for k in (True, False)}
        assert any(form in canonical(quote).text.casefold() for form in forms)
        page = "..." + text
        for citation in index.cite(place):
            assert page[citation.start : citation.end] == citation.text


@given(st.lists(st.sampled_from(VOCABULARY), max_size=30), st.data())
def test_runs_are_verbatim_and_long_enough(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    index = PassageIndex([make_passage(text or "-")])
    copied = data.draw(st.lists(st.sampled_from(VOCABULARY), max_size=30))
    sentence = canonical(" ".join(copied)).text
    for run in index.runs(sentence):
        assert sentence[run.start + 1 : run.end] == index.text(run.place)[1:]
        assert len(sentence[run.start : run.end].replace(".", " ").split()) >= RUN_WORDS


def test_runs_stop_where_the_text_differs() -> None:
    index = PassageIndex([make_passage("The term ends on the last day of March, then renews.")])
    sentence = "It is known that the term ends on the last day of April."
    (run,) = index.runs(sentence)
    assert sentence[run.start : run.end] == "the term ends on the last day of"


def test_hostile_lengths_take_linear_time() -> None:
    passages = [make_passage("a " * 700, number=n) for n in range(1, 9)]
    index = PassageIndex(passages)
    begun = time.perf_counter()
    index.find("a " * 50_000)
    index.find("a" * 100_000)
    index.runs("a " * 50_000)
    index.find("... " * 25_000)
    assert time.perf_counter() - begun < 5.0
