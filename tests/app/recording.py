"""A recorded answer of the real models on the sample library, for the README's picture.

`python -m tests.app.recording --data-dir DIR` asks `SAMPLE_QUESTION` in a data folder that
`assistant sample` has filled, and writes what came to `recorded_answer.json`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import msgspec

from assistant.config import load_settings
from assistant.sample_library import SAMPLE_QUESTION
from assistant.types import Answer, DocumentRecord, Finished

FILE = Path(__file__).with_name("recorded_answer.json")


def load() -> tuple[list[DocumentRecord], Answer]:
    """Return the recorded documents and answer."""
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    documents = msgspec.convert(raw["documents"], list[DocumentRecord])
    return documents, msgspec.convert(raw["answer"], Answer)


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
