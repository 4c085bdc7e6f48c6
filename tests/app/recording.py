"""A recorded answer of the real models on the sample library, for the README's picture.

`python -m tests.app.recording --data-dir DIR` asks `SAMPLE_QUESTION` in a data folder that
`assistant sample` has filled, and writes what came to `recorded_answer.json`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.config import load_settings
from assistant.sample_library import SAMPLE_QUESTION
from assistant.types import (
    Answer,
    Citation,
    DocumentRecord,
    Finished,
    Hit,
    PageStart,
    Passage,
    Scores,
    Sentence,
    Timings,
)

FILE = Path(__file__).with_name("recorded_answer.json")


def load() -> tuple[list[DocumentRecord], Answer]:
    """Return the recorded documents and answer."""
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    return [DocumentRecord(**document) for document in raw["documents"]], _answer(raw["answer"])


def _answer(raw: dict[str, Any]) -> Answer:
    return Answer(
        **{
            **raw,
            "sentences": tuple(_sentence(sentence) for sentence in raw["sentences"]),
            "passages": tuple(_hit(hit) for hit in raw["passages"]),
            "timings": Timings(**raw["timings"]),
        }
    )


def _sentence(raw: dict[str, Any]) -> Sentence:
    return Sentence(**{**raw, "quotes": tuple(Citation(**quote) for quote in raw["quotes"])})


def _hit(raw: dict[str, Any]) -> Hit:
    passage = raw["passage"]
    pages = tuple(PageStart(**page) for page in passage["pages"])
    return Hit(Passage(**{**passage, "pages": pages}), Scores(**raw["scores"]))


def record(data_dir: Path) -> None:
    """Ask the real workspace and write down the answer."""
    from assistant.cli.wiring import open_workspace

    settings = load_settings(data_dir.absolute()).with_changes(library="sample")
    workspace = open_workspace(settings)
    try:
        workspace.warm_up()
        *_, last = workspace.ask(SAMPLE_QUESTION)
        assert isinstance(last, Finished)
        documents = [{**asdict(d), "source": d.name} for d in workspace.documents()]
    finally:
        workspace.close()
    raw = {"documents": documents, "answer": asdict(last.answer)}
    FILE.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Record the answer that the picture shows.")
    parser.add_argument("--data-dir", type=Path, required=True)
    record(parser.parse_args().data_dir)
