"""Find the threshold with which the parts of a list are kept or left out (`list_threshold`).

On contracts of CUAD's training part, for categories with two labelled parts or more: every
window that map-reduce asks is noted with the quote and the model's doubt. The threshold that is
told is the one with the best mean F1 of parts found and quotes that lie in a labelled part. The
contracts of CUAD dev, which `bench_reading` uses, are not touched. Goes on where it was stopped.

    python -m tests.bench.fit_lists --count 30
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from assistant.answering import AnswerSession
from assistant.config import Settings, load_settings
from assistant.engine.engine_loader import load_chat, load_embedder
from assistant.models.installed_models import list_models
from assistant.retrieval import Retriever
from assistant.types import MAP_REDUCE, CancelToken, ChatEngine, Embedder, Quoted
from tests.bench.libraries import library_of, remembering
from tests.bench.qa_data import Text, require
from tests.bench.reading_sets import SEED, Span, list_question, separate_spans
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish, shared_data

FOLDER = ROOT / ".build" / "bench" / "reading"
LONGEST = 60_000
"""Characters of a contract, so that making its library does not take most of the time."""

Note = tuple[float, int, int]
"""(doubt, the quote's start and end in the contract)"""


class Noting:
    """The chat model, which keeps every quote and refuses none."""

    def __init__(self, chat: ChatEngine, text: str) -> None:
        self._chat = chat
        self._places = [at for at, sign in enumerate(text) if sign.isalnum()]
        self._text = _letters(text)
        self.notes: list[Note] = []
        self.calibration = replace(chat.calibration, list_threshold=math.inf)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chat, name)

    def quote(
        self, prompt: str, passages: Sequence[str], refusal: str,
        cancel: CancelToken | None = None, *, max_tokens: int = 192,
    ) -> Quoted:  # fmt: skip
        quoted = self._chat.quote(prompt, passages, refusal, cancel, max_tokens=max_tokens)
        window, quote = _letters(passages[0]), _letters(quoted.text)
        begin, within = self._text.find(window), window.find(quote)
        if quote and begin >= 0 and within >= 0:  # ingest tidies white space: letters only
            start = begin + within
            doubt = quoted.doubt(self.calibration.doubt_weight)
            end = self._places[start + len(quote) - 1] + 1
            self.notes.append((doubt, self._places[start], end))
        return quoted


def _letters(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def questions(count: int) -> Iterator[tuple[str, str, str, tuple[Span, ...]]]:
    """Give (id, question, contract, labelled spans)."""
    packed = (shared_data() / "cuad" / "train_rest.json.gz").read_bytes()
    found = [
        (qa["id"], list_question(qa), paragraph["context"], spans)
        for entry in json.loads(gzip.decompress(packed))["data"]
        for paragraph in entry["paragraphs"]
        if len(paragraph["context"]) <= LONGEST
        for qa in paragraph["qas"]
        if len(spans := separate_spans(qa["answers"])) >= 2
    ]
    random.Random(SEED).shuffle(found)
    yield from found[:count]


def noted(
    question: str, contract: str, embedder: Embedder, chat: ChatEngine, settings: Settings
) -> list[Note]:
    noting = Noting(chat, contract)
    with library_of([Text("", "", contract)], embedder) as store:
        session = AnswerSession(Retriever(store, embedder), noting, embedder, settings)  # type: ignore[arg-type]
        for _ in session.ask(question, strategy=MAP_REDUCE):
            pass
    return noting.notes


def f1_at(threshold: float, cases: Sequence[tuple[list[Note], Sequence[Span]]]) -> float:
    """Return the mean F1 over questions if quotes of at most this doubt are kept."""
    scores = []
    for notes, spans in cases:
        kept = [(a, b) for doubt, a, b in notes if doubt <= threshold]
        right = sum(any(a < d and c < b for c, d in spans) for a, b in kept)
        found = sum(any(a < d and c < b for a, b in kept) for c, d in spans)
        precision, recall = right / max(1, len(kept)), found / len(spans)
        scores.append(2 * precision * recall / (precision + recall) if right else 0.0)
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    settings = load_settings(models_folder().parent).with_changes(threads=options.threads)
    embedder, chat = remembering(load_embedder(settings)), load_chat(settings)
    hashes = " ".join(m.sha256 for m in list_models(settings) if m.active)
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"lists-fit-{hashlib.sha256(hashes.encode()).hexdigest()[:8]}.json"
    known: dict[str, list[Note]] = json.loads(file.read_text()) if file.is_file() else {}
    cases = []
    for key, question, contract, spans in require(lambda: list(questions(options.count))):
        if key not in known:
            known[key] = noted(question, contract, embedder, chat, settings)
            file.write_text(json.dumps(known))
        cases.append((known[key], spans))
    embedder.save()
    steps = sorted({round(doubt, 1) for notes, _ in cases for doubt, *_ in notes})
    best = max(steps, key=lambda t: f1_at(t, cases))
    usual = chat.calibration.refusal_threshold
    note = f"{len(cases)} questions, {sum(len(n) for n, _ in cases)} windows"
    figures = [
        Figure("list threshold with the best F1", best, "nats", note=note),
        Figure("F1 with it", f1_at(best, cases)),
        Figure(f"F1 with the threshold of look-ups ({usual:g})", f1_at(usual, cases)),
    ]
    curve = {f"{t:.1f}": round(f1_at(t, cases), 3) for t in steps}
    publish("threshold of lists", figures, {"F1 by threshold": curve}, options.json)


if __name__ == "__main__":
    main()
