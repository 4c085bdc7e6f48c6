"""Stems agree with the word index: what a search finds, a check holds to be the same word."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import replace

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.checks.negation import Words, align, opposite_word
from assistant.evaluation.draft.candidates import CLOZE, Candidate
from assistant.evaluation.draft.page_word_index import WordIndex
from assistant.evaluation.draft.unanswerable import swapped
from assistant.store.schema import MIGRATIONS
from assistant.text.stop_words import QUESTION_WORDS, STOP_WORDS
from assistant.text.words import content_stems, plain_words, stem, words

FAMILIES = [
    "dose doses dosed dosing", "rate rates rated rating", "file files filed filing",
    "use uses used using", "notice notices noticed", "party parties", "policy policies",
    "therapy therapies", "agree agreed agreeing agrees", "liability liabilities",
    "store stores stored storing", "renew renews renewed renewal", "cause causes caused causing",
    "infection infections infected", "technology technologies technological",
    "possible possibly", "pathology pathological", "assemble assembly assemblies",
    "r\u00e9sum\u00e9 resume resumes", "invoice invoices invoiced invoicing", "1990s 1990",
    "void voids voided", "terminate terminated termination terminates",
    "license licensed licensing",
]  # fmt: skip
APART = ["policy police", "process proceed", "employer employee", "lessor lessee", "is us as",
         "sing s", "24 2", "red r", "doubly double", "apology apologise"]  # fmt: skip


@pytest.fixture(scope="module")
def indexed() -> dict[str, str]:
    """The index's own stem of each word, read out of the table that a library has."""
    connection = apsw.Connection(":memory:")
    for migration in MIGRATIONS[:2]:
        migration.apply(connection)
    listed = sorted({word for family in FAMILIES + APART for word in family.split()})
    connection.executemany(
        "INSERT INTO text_index (rowid, heading, body) VALUES (?, '', ?)", enumerate(listed)
    )
    connection.execute("CREATE VIRTUAL TABLE found USING fts5vocab (text_index, instance)")
    rows = list(connection.execute("SELECT doc, term FROM found"))
    connection.close()
    return {listed[int(doc)]: str(term) for doc, term in rows}


@pytest.mark.parametrize("family", FAMILIES)
def test_forms_of_one_word_have_the_stem_that_the_index_has(
    family: str, indexed: dict[str, str]
) -> None:
    stems = {stem(word) for word in family.split()}
    assert stems == {indexed[word] for word in family.split()}
    assert len(stems) == 1


@pytest.mark.parametrize("pair", APART)
def test_words_that_the_index_keeps_apart_stay_apart(pair: str, indexed: dict[str, str]) -> None:
    stems = [stem(word) for word in pair.split()]
    assert stems == [indexed[word] for word in pair.split()]
    assert len(set(stems)) == len(stems)


@pytest.mark.parametrize(
    ("one", "other"), [("paid", "pay"), ("written", "writes"), ("children", "child")]
)
def test_irregular_forms_meet_although_the_index_does_not_join_them(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@given(st.text(max_size=80))
def test_any_word_has_a_stem_and_no_text_is_too_odd(text: str) -> None:
    assert stem(text) or not text or not text.isascii()
    assert content_stems(text) == content_stems(text.upper().lower()) or not text.isascii()


@given(st.lists(st.sampled_from(["caf\u00e9", "Na\u00efve", "\u00dcber", "pump"]), max_size=4))
def test_accents_may_be_written_as_one_character_or_two(listed: list[str]) -> None:
    text = " ".join(listed)
    decomposed = unicodedata.normalize("NFD", text)
    assert words(decomposed) == words(text)
    assert content_stems(decomposed) == content_stems(text)
    assert plain_words(decomposed) == plain_words(text)


def test_a_search_leaves_out_no_word_that_a_clause_may_turn_on() -> None:
    assert QUESTION_WORDS < STOP_WORDS
    turning = {"will", "can", "not", "no", "before", "after", "under", "all", "until"}
    assert turning <= STOP_WORDS - QUESTION_WORDS
    assert {"may", "must", "without", "above", "below"}.isdisjoint(STOP_WORDS)


def test_stop_words_are_no_words_that_say_something_when_sentences_are_compared() -> None:
    """Porter's stem of "was" is "wa", and of "because" "becaus"."""
    one, other = "It was because this has been", "He was because this has"
    assert align(Words.of(one), Words.of(other)) is None


def test_opposites_meet_whose_stems_differ_from_their_words() -> None:
    aligned = align(
        Words.of("Invoices are paid before delivery of the goods"),
        Words.of("Invoices are paid after delivery of the goods"),
    )
    assert aligned is not None
    assert opposite_word(aligned) == ("before", "after")


def test_common_words_are_no_names_to_put_another_in_the_place_of() -> None:
    question = "How long is the next Business closed?"
    candidate = Candidate(CLOZE, question, "x", ("May",), "a.txt", 1, 0, 3, "May", 0.9)
    assert swapped([candidate], WordIndex(), random.Random(0)) == []
    changed = replace(candidate, question=question.replace("Business", "Harbour"))
    assert len(swapped([changed], WordIndex(), random.Random(0))) == 1
