"""Our side of the comparison: one process that ingests, or that answers questions.

It drives the `Workspace` that the app and the command line drive, made by the same
function. `BENCH_STARTED` is the moment (time.monotonic()) when the caller started this
process; bench_side_by_side.py sets it.

    python -m tests.bench.product_run ingest --files DIR --data-dir DIR --library NAME --json OUT
    python -m tests.bench.product_run ask --data-dir DIR --library NAME --questions TOML --json OUT
"""

from __future__ import annotations

import argparse
import json
import os
import time
import tomllib
from pathlib import Path
from typing import Any

from assistant.cli.wiring import open_workspace
from assistant.config import Settings, load_settings
from assistant.store import KeyFile
from assistant.types import (
    TOGETHER,
    Extracted,
    FileFailed,
    Finished,
    Generated,
    Retrieved,
    Workspace,
)

STARTED = float(os.environ["BENCH_STARTED"])


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings as shipped, or with the chat model alone: one prompt, and no reader."""
    alone = {"reader": "none", "reading": TOGETHER} if options.chat_alone else {}
    return load_settings(options.data_dir).with_changes(
        library=options.library,
        max_answer_tokens=options.max_tokens,
        threads=options.threads,
        **alone,
    )


def ingest(options: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(options)
    workspace = open_workspace(settings, KeyFile(settings.key_path))  # public texts
    ready = time.monotonic()  # the embedder is loaded by `add`, so that counts as ingest
    paths = sorted(options.files.iterdir())[: options.limit or None]
    failed = [
        f"{event.path.name}: {event.error}"
        for event in workspace.add(paths)
        if isinstance(event, FileFailed)
    ]
    done = time.monotonic()
    documents = workspace.documents()
    workspace.close()
    return {
        "load_s": ready - STARTED,
        "ingest_s": done - ready,
        "documents": len(documents),
        "chunks": sum(d.chunks for d in documents),
        "characters": sum(d.characters for d in documents),
        "failed": failed,
    }


def ask(options: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(options)
    workspace = open_workspace(settings, KeyFile(settings.key_path))  # public texts
    workspace.warm_up()
    cold_start = time.monotonic() - STARTED
    questions = tomllib.loads(options.questions.read_text(encoding="utf-8"))["questions"]
    answers = [answer(workspace, question) for question in questions]
    model = workspace.model_name
    workspace.close()
    return {"cold_start_s": cold_start, "answers": answers, "model": model}


def answer(workspace: Workspace, question: str) -> dict[str, Any]:
    asked = time.monotonic()
    seen: dict[str, float] = {}
    pieces = 0
    last = 0.0
    finished: Finished | None = None
    for event in workspace.ask(question):
        now = time.monotonic()
        seen.setdefault(type(event).__name__, now - asked)
        if isinstance(event, Generated):
            last = now - asked
            pieces += 1
        elif isinstance(event, Finished):
            finished = event
    if finished is None:
        raise RuntimeError(f"no answer was finished: {question}")
    first = seen.get(Generated.__name__)
    tokens = finished.answer.timings.generated_tokens
    writing = last - first if first is not None else 0.0
    return {
        "question": question,
        "retrieve_ms": 1000 * seen[Retrieved.__name__],
        "extract_s": seen.get(Extracted.__name__),
        "first_token_s": first,
        "total_s": seen[Finished.__name__],
        "prompt_tokens": finished.answer.timings.prompt_tokens,
        "generated_tokens": tokens,
        "tokens_per_s": (tokens - 1) / writing if pieces > 1 and writing > 0 else None,
        "abstained": finished.answer.abstained,
        "text": finished.answer.text,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Our side of the comparison.")
    parser.add_argument("step", choices=["ingest", "ask"])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--files", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--chat-alone", action="store_true", help="no reader: the model answers")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    result = ingest(options) if options.step == "ingest" else ask(options)
    options.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
