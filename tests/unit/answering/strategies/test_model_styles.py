"""Whole answers of larger models: sentences, thoughts, JSON, lists, echoes, no end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.answering import AnswerSession
from assistant.config import Settings
from assistant.errors import EngineError
from assistant.retrieval import Retriever
from assistant.types import Answer, Extracted, Generated, ModelProfile, Sentence
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeChat
from tests.fakes.reader import FakeReader
from tests.fakes.store import FakeStore
from tests.unit.answering.strategies.sessions import WORDS_ONLY, filled, finish

QUESTION = "How long is the warranty on the pumps?"
TEXTS = (
    "The warranty on the pumps lasts 24 months. It begins with the delivery.",
    "Seals of pumps are not covered by a warranty.",
)
ABLE = ModelProfile(prompt="sentences", answer_tokens=60, stop=("\nQuestion:",))
SAID = "The warranty on the pumps is 24 months long [1]."


def ask(
    *pieces: str,
    profile: ModelProfile = ABLE,
    margin: float = 4.0,
    fail_with: Exception | None = None,
    fail_at: int = 0,
) -> tuple[Answer, Sequence[Sentence], FakeChat, list[object]]:
    """Ask a model that says `pieces`; returns the answer and the model's own sentences."""
    store, embedder = FakeStore(), FakeEmbedder()
    filled(store, embedder, TEXTS)
    chat = FakeChat(pieces, profile=profile, fail_with=fail_with, fail_at=fail_at)
    reader = FakeReader({QUESTION: {"24 months": margin}})
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    settings = Settings(data_dir=Path("unused"))
    session = AnswerSession(retriever, chat, embedder, settings, reader=reader)
    answer, events = finish(session.ask(QUESTION))
    return answer, [s for s in answer.sentences if s.origin == "model"], chat, list(events)


def test_the_readers_answer_comes_first_and_the_model_goes_on_in_sentences() -> None:
    answer, [said], chat, events = ask(SAID)
    kinds = [type(event) for event in events]
    assert kinds.index(Extracted) < kinds.index(Generated)
    assert said.supported, said.doubts
    assert said.quotes[0].text == "The warranty on the pumps lasts 24 months."
    assert answer.short is not None
    prompt = "\n".join(message.content for message in chat.messages[-1])
    assert "full sentences" in prompt
    assert "quotation marks" not in prompt
    assert chat.samplings[-1].stop == ABLE.stop
    assert chat.samplings[-1].max_tokens == ABLE.answer_tokens


def test_a_small_model_is_asked_for_a_quote() -> None:
    *_, chat, _ = ask('"24 months"', profile=ModelProfile())
    assert "quotation marks" in chat.messages[-1][-1].content


def test_a_profile_says_how_much_is_shown() -> None:
    *_, chat, _ = ask(SAID, profile=ModelProfile(prompt="sentences", passages=1))
    assert "[2]" not in chat.messages[-1][-1].content
    *_, chat, _ = ask(SAID)
    assert "[2]" in chat.messages[-1][-1].content


@pytest.mark.parametrize(
    ("written", "noted"),
    [
        ("<think>\nPassage 1 says 24 months.\n</think>\n\n" + SAID, "thought aloud (5 words"),
        (json.dumps({"answer": SAID, "citations": [1]}), "JSON"),
        (f"Question: {QUESTION}\n{SAID}", "repeated"),
        (f"**Answer:**\n- {SAID}\n", ""),
    ],
)
def test_whatever_its_style_the_sentence_is_checked(written: str, noted: str) -> None:
    answer, said, _, _ = ask(*(word + " " for word in written.split(" ")))
    assert answer.route is not None
    assert noted in answer.route.reason
    assert [s.supported for s in said] == [True], [s.doubts for s in said]
    assert "think" not in answer.text
    assert not answer.truncated


def test_yes_and_no_are_no_sentences_of_their_own() -> None:
    _, said, _, _ = ask("Yes. The warranty on the pumps lasts 24 months [1].")
    assert [s.supported for s in said] == [True], said[0].doubts
    _, said, _, _ = ask("No. The warranty on the pumps lasts 24 months [1].")
    assert [s.supported for s in said] == [False]


@pytest.mark.parametrize(
    "written",
    [
        "<think> " + "and then I look again at passage one " * 200,
        "It goes on and on here. " * 40,
        "word " * 5000,
        f"[1] contract0.txt, page 1:\n{TEXTS[0]}\n\nQuestion: {QUESTION}",
        "{" * 3000,
    ],
)
def test_nothing_is_lost_of_what_the_reader_found(written: str) -> None:
    answer, said, _, _ = ask(*(word + " " for word in written.split(" ")))
    assert answer.short is not None
    assert answer.short.text == "24 months"
    assert answer.text.startswith("The warranty on the pumps lasts 24 months.")
    assert not [s for s in said if s.supported and s.text not in TEXTS[0]]


@pytest.mark.parametrize(
    "written",
    ["<think> " + "well " * 500, "word " * 500, "one two three four five six seven " * 60],
)
def test_a_model_that_does_not_stop_is_stopped_and_marked(written: str) -> None:
    answer, _, _, _ = ask(*(word + " " for word in written.split()))
    assert answer.truncated


def test_a_thought_without_an_answer_is_said() -> None:
    answer, said, _, events = ask(*("<think> " + "hm " * 20).split(" "))
    assert answer.route is not None
    assert "No answer came of it" in answer.route.reason
    assert said == []
    assert not any(isinstance(event, Generated) for event in events)


def test_a_model_that_thinks_aloud_gets_room_for_it() -> None:
    *_, chat, _ = ask(SAID, profile=ModelProfile(prompt="sentences", thinking_tokens=100))
    assert chat.samplings[-1].max_tokens == 260


def test_what_the_model_says_beyond_the_reader_is_kept_where_it_is_checked() -> None:
    answer, said, _, _ = ask(f"{SAID} The seals last 99 years [2].")
    assert [s.supported for s in said] == [True, False]
    assert "99 years" not in answer.text
    assert said[1].doubts


@pytest.mark.parametrize("fail_at", [0, 3])
def test_numbers_that_are_not_finite_lose_nothing_of_the_reader(fail_at: int) -> None:
    failure = EngineError("The model computed numbers that are not finite.")
    answer, said, _, _ = ask(*SAID.split(" "), fail_with=failure, fail_at=fail_at)
    assert answer.short is not None
    assert answer.text == "The warranty on the pumps lasts 24 months."
    assert answer.truncated
    assert said == []
    assert answer.route is not None
    assert "not finite" in answer.route.reason
