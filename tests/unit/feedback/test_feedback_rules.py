"""What feedback may say, and where a person's words are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.feedback.locate_words import in_passages
from assistant.feedback.validation import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    LONGEST_WORDS,
    completed,
    feedback_of,
    newest,
    outcome,
    question_key,
    to_look_for,
    with_older,
)
from assistant.text.signs import phrase_pattern
from assistant.types import (
    DIRECT,
    Answer,
    Citation,
    Correction,
    Feedback,
    Finished,
    Route,
    ShownPassage,
)
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import CONTRACT, Step, abstained_script, warranty_script

NAME = "supply-contract.pdf"


def library() -> FakeWorkspace:
    return FakeWorkspace(forbidden=-1)


def answer_of(script: list[Step]) -> Answer:
    return next(step.answer for step in script if isinstance(step, Finished))


def answered(question: str = "How long is the warranty?") -> Answer:
    return replace(answer_of(warranty_script(library())), question=question)


def refused() -> Answer:
    return replace(answer_of(abstained_script(library())), question="What does a fan cost?")


def wrong(correction: Correction) -> Feedback:
    return feedback_of(answered(), "wrong", correction)


def test_the_models_quotes_are_judged_before_the_extract() -> None:
    answer = answered()
    kept = feedback_of(answer, "right")
    assert [quote.text for quote in kept.quotes] == ["24 months from the date"]
    extract_only = replace(answer, sentences=answer.sentences[:1])
    assert feedback_of(extract_only, "right").quotes == answer.sentences[0].quotes
    assert [p.text for p in kept.shown] == [hit.passage.text for hit in answer.passages]
    assert (kept.answer, kept.model) == (answer.text, answer.model)
    assert feedback_of(refused(), "right").quotes == ()


def test_a_follow_up_is_kept_with_the_question_before_it() -> None:
    alone = replace(answered("And for fans?"), route=Route("look-up", "why"))
    assert feedback_of(alone, "right").question == "And for fans?"
    led = replace(alone, route=Route("follow-up", "why", "How long is the warranty? And for fans?"))
    assert feedback_of(led, "right").question == "How long is the warranty? And for fans?"


def test_what_each_verdict_is_worth() -> None:
    unsupported = replace(answered(), sentences=answered().sentences[2:])
    assert outcome(feedback_of(answered(), "right")) == "answer"
    assert outcome(feedback_of(refused(), "right")) == "unanswerable"
    assert outcome(feedback_of(unsupported, "right")) == ""
    assert outcome(feedback_of(answered(), "wrong")) == ""
    assert outcome(feedback_of(answered(), "wrong-source")) == ""
    assert outcome(wrong(Correction("24 months"))) == "answer"
    assert outcome(wrong(Correction(unanswerable=True))) == "unanswerable"


def test_the_newest_verdict_on_a_question_counts() -> None:
    first = replace(feedback_of(answered(), "right"), id=1, exported=("suite",))
    other = replace(feedback_of(refused(), "right"), id=2)
    again = answered(" how LONG is\nthe warranty ")
    second = replace(feedback_of(again, "wrong"), id=3)
    assert newest([second, other, first]) == [other, replace(second, exported=("suite",))]
    assert newest([first, other]) == [first, other]
    assert with_older([first, other, second], [3]) == [1, 3]
    assert with_older([first, other, second], []) == []


@pytest.mark.parametrize("words", ["24 months from the date", "24  MONTHS from\nthe date"])
def test_words_are_found_in_the_passages_shown(words: str) -> None:
    done = completed(wrong(Correction(words)), library())
    assert done.correction is not None
    (place,) = done.correction.places
    assert (place.document, place.page) == (NAME, 2)
    assert CONTRACT[1][place.start : place.end] == place.text == "24 months from the date"
    assert done.correction.answer == ("" if words.islower() else words)


def test_words_that_stand_nowhere_name_the_nearest_sentence() -> None:
    with pytest.raises(UsageError) as caught:
        completed(wrong(Correction("24 months from the order")), library())
    assert "does not stand in the passages shown" in caught.value.message
    assert "period of 24 months from the date of delivery" in caught.value.hint
    assert f"({NAME}, page 2)" in caught.value.hint
    kept = completed(wrong(Correction("24 months from the order")), library(), any_words=True)
    assert kept.correction == Correction("24 months from the order")


def test_a_place_is_looked_for_in_its_document() -> None:
    given = Correction("", (to_look_for("three months\u2019 notice", "SUPPLY-contract"),))
    correction = completed(wrong(given), library()).correction
    assert correction is not None
    assert correction.places[0].page == 3
    assert correction.places[0].text == "three months' notice"


@pytest.mark.parametrize(
    ("words", "name", "page", "said"),
    [
        ("three months", NAME, 2, "does not stand in page 2"),
        ("three months", NAME, 9, "has 3 pages"),
        ("three months", "nowhere.pdf", 0, "No document"),
        ("the Supplier", NAME, 0, "2 pages"),
        ("--", NAME, 0, "no words"),
    ],
)
def test_a_place_that_is_not_there_is_named(words: str, name: str, page: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        completed(wrong(Correction("", (to_look_for(words, name, page),))), library())


def test_words_inside_a_chosen_sentence_narrow_it_and_others_are_accepted() -> None:
    sentence = answered().sentences[0].quotes
    inside = completed(wrong(Correction("24 months", sentence)), library()).correction
    assert inside is not None
    assert [place.text for place in inside.places] == ["24 months"]
    assert CONTRACT[1][inside.places[0].start :].startswith("24 months")
    outside = completed(wrong(Correction("two years", sentence)), library()).correction
    assert outside == Correction("two years", sentence)


def test_a_passage_over_a_page_break_is_searched_on_both_pages() -> None:
    pages = {1: "one two. three", 2: " four five. six"}

    class Pages:
        def documents(self) -> list[object]:
            return []

        def page_text(self, document_id: int, page: int) -> str:
            if page not in pages:
                raise UsageError("no such page")
            return pages[page]

    passage = ShownPassage(1, "a", 1, 9, 25, "three four five.")
    found = in_passages("four  FIVE", [passage], Pages())  # type: ignore[arg-type]
    assert found == Citation(1, "a", 2, 1, 10, "four five")
    found = in_passages("three", [passage], Pages())  # type: ignore[arg-type]
    assert found == Citation(1, "a", 1, 9, 14, "three")
    lie = ShownPassage(1, "a", 2, 0, 9, "four seven five.")
    assert in_passages("seven", [lie], Pages()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feedback", "said"),
    [
        (feedback_of(answered(), "right", Correction("24 months")), "needs no correction"),
        (wrong(Correction(" \n")), "is empty"),
        (wrong(Correction("24 months", unanswerable=True)), "say that there is none"),
        (feedback_of(refused(), "wrong-source"), "names no source"),
        (feedback_of(refused(), "wrong", Correction(unanswerable=True)), "the answer says so"),
        (feedback_of(answered(), "wrong-source", Correction(unanswerable=True)), "is right"),
        (wrong(Correction("24\x1b]52;c;aGk=\x07 months")), r"U\+001B"),
        (wrong(Correction("24 \ud800months")), r"U\+D800"),
        (wrong(Correction("x" * (LONGEST_WORDS + 1))), "2,001 characters"),
        (wrong(Correction("", (to_look_for("x\x00", NAME),))), r"U\+0000"),
        (feedback_of(answered("\x9b31m why?"), "right"), r"U\+009B"),
        (feedback_of(answered("?!"), "right"), "no question"),
        (feedback_of(answered("x" * (LONGEST_QUESTION + 1)), "right"), "4,001"),
        (
            replace(feedback_of(answered(), "right"), answer="x" * (LONGEST_ANSWER + 1)),
            "longer than",
        ),
        (replace(feedback_of(answered(), "right"), verdict="perhaps"), "no such verdict"),
        (feedback_of(replace(answered(), strategy=DIRECT), "right"), "program's own"),
    ],
)
def test_what_makes_no_sense_or_harm_is_refused(feedback: Feedback, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        completed(feedback, library(), any_words=True)


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_words_are_found_exactly_where_they_stand(words: str, around: str) -> None:
    text = f"{around} {words} {around}"
    found = phrase_pattern(words, whole_words=True).search(text) if words.split() else None
    if found:
        assert text[found.start() : found.end()].split() or not words.split()
    if words.split() and words.strip().isascii():
        assert found


@given(st.text(max_size=80))
def test_spelling_does_not_change_a_question(question: str) -> None:
    assert question_key(f"  {question} ?") == question_key(question)
    assert question_key(question_key(question)) == question_key(question)
