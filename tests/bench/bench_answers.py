"""Answers on SQuAD 2 split A2: the extract, what the model adds, quotes and refusals.

Two ways: *gold*, where the paragraph that the question was written for is given, and
*open*, where all paragraphs of the split are one library and the product searches it.
"Contains" means that the text holds an accepted answer, compared as SQuAD does (lower
case, no articles, no punctuation); EM and F1 are SQuAD's own.

    python -m tests.bench.bench_answers --json out.json [--limit 60] [--no-chat]
                                        [--data-dir DIR] [--split A1]
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from assistant.answering import AnswerSession
from assistant.config import Settings, load_settings
from assistant.engine.engine_loader import has_chat_model, load_chat, load_embedder
from assistant.retrieval import Retriever
from assistant.types import (
    EXTRACT,
    TOGETHER,
    Answer,
    ChatEngine,
    Embedder,
    Finished,
    Hit,
    SearchResult,
    Store,
)
from tests.bench.libraries import library_of, remembering, text_number
from tests.bench.qa_data import A1, A2, Asked, Squad, require, squad
from tests.bench.report import Figure, add_json_option, at_least, publish


class GoldRetriever(Retriever):
    """Gives the passages of one document only, found relevant: retrieval is not at issue."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        super().__init__(store, embedder)
        self.document = 0

    def search(self, query: str, limit: int = 8) -> SearchResult:
        found = super().search(query, 400)
        own = [h for h in found.hits if text_number(h.passage.document) == self.document]
        return SearchResult(query, tuple(own[:limit]), 1.0, relevant=True)


@dataclass
class Tally:
    """Sums over the questions of one kind."""

    counts: Counter[str] = field(default_factory=Counter)
    f1: list[float] = field(default_factory=list)
    extract_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def share(self, name: str, of: str = "asked") -> float | None:
        return self.counts[name] / self.counts[of] if self.counts[of] else None


def words(text: str) -> list[str]:
    return re.sub(r"\b(a|an|the)\b", " ", " ".join(re.findall(r"\w+", text.lower()))).split()


def contains(text: str, answers: Sequence[str]) -> bool:
    padded = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(a))} " in padded for a in answers if words(a))


def exact(text: str, answers: Sequence[str]) -> bool:
    return any(words(text) == words(a) for a in answers)


def f1(text: str, answers: Sequence[str]) -> float:
    return max((_overlap(words(text), words(a)) for a in answers), default=0.0)


def _overlap(given: list[str], wanted: list[str]) -> float:
    same = sum((Counter(given) & Counter(wanted)).values())
    return 2 * same / (len(given) + len(wanted)) if same else 0.0


def holds(hits: Sequence[Hit], asked: Asked, data: Squad, answer: Answer) -> bool:
    """Whether the extract covers an accepted answer at its very place in the paragraph."""
    gold = data.paragraphs[asked.paragraph].text
    for quote in answer.sentences[0].quotes if answer.sentences else ():
        if text_number(quote.document) != asked.paragraph:
            continue
        for start, text in zip(asked.starts, asked.answers, strict=True):
            assert gold[quote.start : quote.end] == quote.text
            if quote.start <= start and start + len(text) <= quote.end:
                return True
    return False


def ask_all(
    session: AnswerSession,
    questions: Sequence[Asked],
    data: Squad,
    gold: GoldRetriever | None,
    strategy: str,
) -> Tally:
    tally = Tally()
    for asked in questions:
        if gold is not None:
            gold.document = asked.paragraph
        events = list(session.ask(asked.question, strategy=strategy))
        assert isinstance(events[-1], Finished)
        _count(tally, events[-1].answer, asked, data)
    return tally


def _count(tally: Tally, answer: Answer, asked: Asked, data: Squad) -> None:
    count = tally.counts
    written = [s for s in answer.sentences if s.origin == "model"]
    spoken = " ".join(s.text for s in written)
    count["asked"] += 1
    count["abstained"] += answer.abstained
    count["extract holds"] += holds(answer.passages, asked, data, answer)
    count["text contains"] += not answer.abstained and contains(answer.text, asked.answers)
    count["model exact"] += bool(written) and exact(spoken, asked.answers)
    count["model contains"] += contains(spoken, asked.answers)
    count["refused"] += answer.timings.generated_tokens > 0 and not written
    count["sentences"] += len(written)
    count["supported"] += sum(s.supported for s in written)
    good = [s.text for s in written if s.supported]
    count["supported contains"] += contains(" ".join(good), asked.answers)
    count["answers with support"] += bool(good)
    tally.f1.append(f1(spoken, asked.answers))
    tally.extract_ms.append(answer.timings.extract_ms)
    if answer.timings.first_token_ms is not None:
        tally.first_ms.append(answer.timings.first_token_ms)
    if len(tally.examples) < 12:
        tally.examples.append(
            {"question": asked.question, "wanted": asked.answers[:1], "text": answer.text,
             "model": [(s.text, s.supported) for s in written]}
        )  # fmt: skip


def figures_of(kind: str, answerable: Tally, unanswerable: Tally, chat: bool) -> Iterator[Figure]:
    asked = f"{answerable.counts['asked']} questions"
    held = answerable.share("extract holds") or 0.0
    name = f"A2 {kind}: extract holds the answer"
    yield at_least(name, held, 0.81, note=asked) if kind == "gold" else Figure(name, held)
    yield Figure(f"A2 {kind}: answer text contains the answer", answerable.share("text contains"))
    yield Figure(f"A2 {kind}: abstained, answerable", answerable.share("abstained"))
    yield Figure(f"A2 {kind}: abstained, unanswerable", unanswerable.share("abstained"))
    yield Figure(f"A2 {kind}: extract, median", median(answerable.extract_ms), "ms")
    if not chat:
        return
    yield Figure(f"A2 {kind}: model exact match", answerable.share("model exact"))
    yield Figure(f"A2 {kind}: model F1", mean(answerable.f1))
    yield Figure(f"A2 {kind}: model contains the answer", answerable.share("model contains"))
    yield Figure(f"A2 {kind}: model refuses, answerable", answerable.share("refused"))
    yield Figure(f"A2 {kind}: model refuses, unanswerable", unanswerable.share("refused"))
    yield Figure(
        f"A2 {kind}: model's sentences supported by a checked quote",
        answerable.share("supported", "sentences"),
    )
    yield Figure(
        f"A2 {kind}: supported answers that contain the answer",
        answerable.share("supported contains", "answers with support"),
    )
    if answerable.first_ms:
        yield Figure(f"A2 {kind}: first token, median", median(answerable.first_ms), "ms")


def run(
    store: Store, embedder: Embedder, chat: ChatEngine | None, data: Squad, settings: Settings,
    limit: int,
) -> tuple[list[Figure], dict[str, Any]]:  # fmt: skip
    draw = random.Random(11)
    yes = draw.sample(data.answerable(), min(limit, len(data.answerable())))
    no = draw.sample(data.unanswerable(), min(limit, len(data.unanswerable())))
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    for kind in ("gold", "open"):
        gold = GoldRetriever(store, embedder) if kind == "gold" else None
        session = AnswerSession(gold or Retriever(store, embedder), chat, embedder, settings)
        began = time.perf_counter()
        how = EXTRACT if chat is None else TOGETHER
        tallies = [ask_all(session, questions, data, gold, how) for questions in (yes, no)]
        figures += figures_of(kind, tallies[0], tallies[1], chat is not None)
        details[kind] = {
            "seconds": round(time.perf_counter() - began, 1),
            "counts": [dict(t.counts) for t in tallies],
            "examples": [t.examples for t in tallies],
        }
    return figures, details


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--limit", type=int, default=60, help="questions of each kind")
    parser.add_argument("--no-chat", action="store_true", help="extracts only")
    parser.add_argument("--split", choices=("A1", "A2"), default="A2")
    parser.add_argument("--data-dir", type=Path, help="where the chat model is installed")
    options = parser.parse_args()
    settings = load_settings(options.data_dir)
    data = require(lambda: squad({"A1": A1, "A2": A2}[options.split]))
    embedder = remembering(load_embedder(settings))
    chat = None if options.no_chat or not has_chat_model(settings) else load_chat(settings)
    with library_of(data.paragraphs, embedder) as store:
        embedder.save()
        figures, details = run(store, embedder, chat, data, settings, options.limit)
    details["model"] = chat.name if chat else ""
    publish(f"answers on SQuAD 2 ({options.split})", figures, details, options.json)


if __name__ == "__main__":
    main()
