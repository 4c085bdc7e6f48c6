"""A question that the search finds weak evidence for: who is asked, and what is shown."""

from __future__ import annotations

import math

from assistant.answering.answer_text import CLOSEST, NOT_FOUND
from assistant.types import Extracted, Finished, Quoted, Retrieved
from tests.fakes.engine import FakeChat
from tests.unit.answering.strategies.sessions import Quoter, first_words, session

WEAK = "Which seals of the zoo are excluded from swimming lessons?"
OTHER = "Who won the football championship yesterday?"


def asked(chat: FakeChat, question: str) -> tuple[bool, bool, Finished]:
    """Return whether the search called it relevant, whether a sentence was shown early."""
    events = list(session(chat).ask(question, strategy="together"))
    (found,) = (event for event in events if isinstance(event, Retrieved))
    assert isinstance(events[-1], Finished)
    early = any(isinstance(event, Extracted) for event in events)
    return found.result.relevant, early, events[-1]


def test_a_model_that_can_refuse_is_asked() -> None:
    chat = Quoter(first_words(4))
    relevant, early, finished = asked(chat, WEAK)
    assert not relevant
    assert not early, "nothing is shown before the model has read it"
    assert len(chat.prompts) == 1
    assert not finished.answer.abstained
    assert any(s.origin == "model" and s.supported for s in finished.answer.sentences)


def test_what_it_refuses_is_not_found() -> None:
    chat = Quoter(lambda _: Quoted("", math.inf, -math.inf, 0))
    finished = asked(chat, WEAK)[2]
    assert len(chat.prompts) == 1
    assert finished.answer.abstained
    assert finished.answer.text.startswith(f"{NOT_FOUND} {CLOSEST}")


def test_a_model_that_always_answers_is_not() -> None:
    chat = FakeChat()
    relevant, early, finished = asked(chat, WEAK)
    assert (relevant, early, chat.prompts) == (False, False, [])
    assert finished.answer.text == NOT_FOUND


def test_something_else_altogether_is_read_by_nobody() -> None:
    chat = Quoter(first_words(4))
    finished = asked(chat, OTHER)[2]
    assert chat.prompts == []
    assert finished.answer.text == NOT_FOUND
    assert finished.answer.sentences == ()
