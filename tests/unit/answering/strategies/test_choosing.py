"""How the way of reading is chosen, in the whole course of an answer."""

from __future__ import annotations

import pytest

from assistant.errors import ConfigError, UsageError
from assistant.types import (
    DIRECT,
    EXTRACT,
    READER,
    STRATEGIES,
    SUMMARY,
    TOGETHER,
)
from tests.unit.answering.strategies.sessions import (
    QUESTION,
    Quoter,
    finish,
    first_words,
    session,
)


def test_the_default_is_what_it_was_before_there_was_a_choice() -> None:
    chat = Quoter(first_words(3))
    auto, _ = finish(session(chat).ask(QUESTION))
    named, _ = finish(session(chat).ask(QUESTION, strategy=TOGETHER))
    assert chat.prompts[0] == chat.prompts[1]
    assert (auto.text, auto.sentences, auto.strategy) == (named.text, named.sentences, TOGETHER)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_setting_chooses_and_a_question_overrides(strategy: str) -> None:
    chat = Quoter(first_words(3))
    asked = session(chat, reading=strategy)
    there = EXTRACT if strategy == READER else strategy  # this session has no reader
    assert finish(asked.ask(QUESTION))[0].strategy == there
    assert finish(asked.ask(QUESTION, strategy="extract"))[0].strategy == "extract"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError):
        list(session(None).ask(QUESTION, strategy="sideways"))
    with pytest.raises(ConfigError, match="sideways"):
        session(None, reading="sideways")


@pytest.mark.parametrize("name", ["sequence", "token"])
def test_a_way_that_was_taken_out_is_refused_with_the_one_to_use(name: str) -> None:
    """In a saved setting, or as a script still asks for it."""
    with pytest.raises(UsageError) as asked:
        list(session(None).ask(QUESTION, strategy=name))
    with pytest.raises(ConfigError) as saved:
        session(None, reading=name)
    assert f"'{name}'" in asked.value.hint
    assert "use 'reader'" in asked.value.hint == saved.value.hint


def test_a_question_about_the_library_needs_neither_search_nor_model() -> None:
    chat = Quoter(first_words(3))
    answer, seen = finish(session(chat).ask("Which documents do you have?"))
    assert len(seen) == 1
    assert answer.strategy == DIRECT
    assert not answer.abstained
    assert "contract0.txt" in answer.text
    assert chat.prompts == []
    assert (answer.passages, answer.sentences) == ((), ())


def test_a_follow_up_searches_for_both_questions_and_is_not_lost() -> None:
    chat = Quoter(first_words(3))
    alone, _ = finish(session(chat).ask("And by the amendment?"))
    answer, _ = finish(session(chat).ask("And by the amendment?", previous=QUESTION))
    assert answer.route is not None
    assert answer.route.searched == f"{QUESTION} And by the amendment?"
    assert answer.question == "And by the amendment?"
    assert "36 months" in answer.sentences[0].text
    assert alone.route is not None
    assert alone.route.searched == ""


def test_extract_asks_no_model() -> None:
    chat = Quoter(first_words(3))
    answer, _ = finish(session(chat).ask(QUESTION, strategy="extract"))
    assert chat.prompts == []
    assert [s.origin for s in answer.sentences] == ["extract"]


def test_a_summary_is_made_of_the_one_document_that_is_named() -> None:
    answer, _ = finish(session(None).ask("Summarise contract1.txt"))
    assert (answer.strategy, answer.abstained, answer.confidence) == (SUMMARY, False, None)
    assert {quote.document for s in answer.sentences for quote in s.quotes} == {"contract1.txt"}
    assert answer.text.splitlines() == [s.text for s in answer.sentences]


def test_a_summary_of_nothing_in_particular_asks_which_document() -> None:
    answer, _ = finish(session(None).ask("Summarise the document"))
    assert (answer.strategy, answer.sentences) == (DIRECT, ())
    assert "contract0.txt" in answer.text
