"""Tampered answers are found, no quote is made up, contradictions are said: the real models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.answering import AnswerSession
from assistant.answering.checks.support import embedder_similarity
from assistant.config import Settings
from assistant.engine.engine_loader import load_chat, load_embedder
from assistant.retrieval import Retriever
from tests.bench.bench_tampered import make_samples, misjudged
from tests.bench.bench_verbatim import finished
from tests.bench.libraries import library_of
from tests.bench.qa_data import A2, SQUAD_DEV, squad
from tests.bench.report import shared_data
from tests.bench.tampering import TRUE
from tests.bench.verbatim import Count, look_up

pytestmark = pytest.mark.acceptance

PASSPHRASE = "six plain words for a test"
TAMPERED = 100
ANSWERS = 8
VERSIONS = {
    "contract-v1.txt": "The Supplier delivers pumps and seals to the Client.\n\n"
    "The warranty on the pumps is 24 months from delivery.\n\nPrices are fixed for a year.",
    "contract-v2.txt": "The Supplier delivers pumps and seals to the Client.\n\n"
    "The warranty on the pumps is 36 months from delivery.\n\nPrices may change each year.",
}


def needed(name: str) -> None:
    if not (shared_data() / name).is_file():
        pytest.skip(f"no evaluation data: {name}")


def test_tampered_answers_are_shown_as_unsupported(settings_with_models: Settings) -> None:
    needed(SQUAD_DEV)
    samples = make_samples(squad(SQUAD_DEV), TAMPERED, seed=11)
    wrong = misjudged(samples, embedder_similarity(load_embedder(settings_with_models)))
    tampered = [sample for sample in samples if sample.kind != TRUE]
    missed = [sample for sample in wrong if sample.kind != TRUE]
    alarms = [sample for sample in wrong if sample.kind == TRUE]
    assert len(tampered) >= TAMPERED
    assert len(missed) <= 0.05 * len(tampered), [(s.how, s.text) for s in missed]
    assert len(alarms) <= 0.05 * TAMPERED, [(s.how, s.text) for s in alarms]


def test_no_quote_is_made_up(settings_with_models: Settings) -> None:
    needed(A2)
    data = squad(A2, slice(0, 1))
    texts, count = data.paragraphs[:20], Count()
    asked = [a.question for a in data.asked if a.paragraph < 20][:: len(data.asked) // 60]
    settings = settings_with_models.with_changes(max_answer_tokens=48)
    embedder = load_embedder(settings)
    documents = {f"{n:05d}.txt": [text.text] for n, text in enumerate(texts)}
    with library_of(texts, embedder) as store:
        for model in ("smollm2-135m-raft", "smollm2-135m-instruct"):
            chat = load_chat(settings.with_changes(chat_model=model))
            session = AnswerSession(Retriever(store, embedder), chat, embedder, settings)
            for question in asked[: ANSWERS // 2]:
                look_up(finished(session, question), documents, count)
    assert count.answers == ANSWERS
    assert count.quotes > 0
    assert count.fabricated == []


def test_contradicting_documents_are_both_shown(default_models: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(default_models)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE, encoding="utf-8")
    files = tmp_path / "files"
    files.mkdir()
    for name, text in VERSIONS.items():
        (files / name).write_text(text, encoding="utf-8")
    environment = {
        **os.environ,
        "ASSISTANT_DATA_DIR": str(tmp_path / "data"),
        "ASSISTANT_PASSPHRASE_FILE": str(passphrase),
    }

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "assistant", *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("add", str(files))
    answer: dict[str, Any] = json.loads(
        run("ask", "How long is the warranty on the pumps?", "--json")
    )
    (found,) = answer["contradictions"]
    assert set(found["values"]) == {"24 months", "36 months"}
    places = {found[side]["quotes"][0]["document"] for side in ("first", "second")}
    assert places == set(VERSIONS)
    assert "The documents disagree:" in answer["answer"]
