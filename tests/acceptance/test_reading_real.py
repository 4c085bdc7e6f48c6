"""Reading strategies on the real default model; and the choice, through the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answering import AnswerSession
from assistant.config import Settings
from assistant.engine.engine_loader import load_chat, load_embedder
from assistant.retrieval import Retriever
from assistant.types import (
    DIRECT,
    EXTRACT,
    MAP_REDUCE,
    TOGETHER,
    Answer,
    ChatEngine,
    Finished,
)
from tests.bench.libraries import library_of
from tests.bench.qa_data import Text

pytestmark = pytest.mark.acceptance

TEXTS = (
    "The Supplier delivers pumps. The warranty on the pumps is 24 months from delivery.",
    "Amendment. The warranty on the pumps is 36 months from delivery.",
    "The gate of the station opens at seven. Deliveries of pumps arrive on Mondays.",
)
QUESTION = "How long is the warranty on the pumps?"


@pytest.fixture(scope="module")
def loaded(default_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data = tmp_path_factory.mktemp("reading")
    (data / "models").symlink_to(default_models, target_is_directory=True)
    return Settings(data_dir=data)


@pytest.fixture(scope="module")
def chat(loaded: Settings) -> ChatEngine:
    return load_chat(loaded)


@pytest.fixture(scope="module")
def session(loaded: Settings, chat: ChatEngine) -> Iterator[AnswerSession]:
    embedder = load_embedder(loaded)
    with library_of([Text("", "", text) for text in TEXTS], embedder) as store:
        yield AnswerSession(
            Retriever(store, embedder), chat, embedder, loaded, documents=store.documents
        )


def ask(session: AnswerSession, question: str, **how: str) -> Answer:
    *_, last = session.ask(question, **how)
    assert isinstance(last, Finished)
    for sentence in last.answer.sentences:
        for quote in sentence.quotes:
            assert quote.text in TEXTS[int(Path(quote.document).stem)]
    return last.answer


def spoken(answer: Answer) -> list[str]:
    return [s.text for s in answer.sentences if s.origin == "model"]


def test_reading_one_by_one_leaves_the_default_as_it_was(session: AnswerSession) -> None:
    before = ask(session, QUESTION)
    assert before.strategy == TOGETHER
    ask(session, QUESTION, strategy=MAP_REDUCE)
    after = ask(session, QUESTION, strategy=TOGETHER)
    assert (after.text, after.sentences) == (before.text, before.sentences)


def test_a_list_question_brings_quotes_of_several_passages(session: AnswerSession) -> None:
    answer = ask(session, "What are the warranty periods of the pumps?")
    assert answer.strategy == MAP_REDUCE
    said = " ".join(spoken(answer))
    assert "24 months" in said
    assert "36 months" in said
    assert all(s.supported for s in answer.sentences)


def test_the_model_is_not_needed_for_extracts_and_the_list_of_documents(
    session: AnswerSession,
) -> None:
    assert spoken(ask(session, QUESTION, strategy=EXTRACT)) == []
    told = ask(session, "Which documents do you have?")
    assert told.strategy == DIRECT
    assert told.text.count(".txt") == len(TEXTS)


def test_the_command_reads_as_it_is_told_to(default_models: Path, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "contract.txt"
    data.mkdir()
    (data / "models").symlink_to(default_models, target_is_directory=True)
    file.write_text("\n\n".join(TEXTS), encoding="utf-8")
    environment = os.environ | {"ASSISTANT_DATA_DIR": str(data)}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "assistant", *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("add", str(file), "--no-passphrase")
    told: dict[str, Any] = json.loads(run("ask", "Which documents do you have?", "--json"))
    assert told["strategy"] == "direct"
    assert "contract.txt" in told["answer"]
    found: dict[str, Any] = json.loads(run("ask", QUESTION, "--json"))
    assert found["strategy"] == "reader"
    assert " months" in found["candidates"][0]["text"]
    assert 0.5 < sum(one["probability"] for one in found["candidates"]) <= 1.0
    options = ("--reading", "together", "--after", QUESTION, "--json")
    read: dict[str, Any] = json.loads(run("ask", "And by the amendment?", *options))
    assert read["strategy"] == "together"
    assert read["route"]["kind"] == "follow-up"
    assert read["sentences"]
