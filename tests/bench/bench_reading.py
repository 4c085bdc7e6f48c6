"""Reading strategies against each other, on the same questions: see `reading_sets`.

Every answer is kept in `.build/bench/reading` as soon as it is judged, so a run that was
stopped goes on, and one with a greater `--count` only adds to it. Figures are means with 95 %
intervals (Efron's percentile bootstrap over questions); differences to `together` are paired.

    python -m tests.bench.bench_reading --json out.json --count 150
    python -m tests.bench.bench_reading --sets squad --strategies together map-reduce --count 20
    python -m tests.bench.bench_reading --sets squad --train 500 --count 5     # a small try
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answering import AnswerSession
from assistant.config import Settings, load_settings
from assistant.engine.engine_loader import load_chat, load_embedder, load_reader
from assistant.evaluation.bootstrap import RESAMPLES, interval
from assistant.models.installed_models import list_models
from assistant.retrieval import Retriever
from assistant.types import STRATEGIES, TOGETHER, ChatEngine, Embedder, Finished, ModelProfile
from tests.bench.libraries import remembering
from tests.bench.reading_sets import SETS, Question, Values, judged
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish

FOLDER = ROOT / ".build" / "bench" / "reading"
Rows = dict[str, dict[str, Values]]
"""Values by strategy and question."""


class Journal:
    """What was judged already, a line for each answer."""

    def __init__(self, name: str, *, restart: bool) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._file = FOLDER / f"{name}.jsonl"
        if restart:
            self._file.unlink(missing_ok=True)
        self.rows: Rows = {}
        if self._file.is_file():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                if line.endswith("}"):  # not one that was cut off
                    row = json.loads(line)
                    self.rows.setdefault(row["strategy"], {})[row["id"]] = row["values"]

    def add(self, strategy: str, key: str, values: Values) -> None:
        self.rows.setdefault(strategy, {})[key] = values
        line = json.dumps({"strategy": strategy, "id": key, "values": values})
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}" if file.tell() else line)


def run_set(
    name: str, embedder: Embedder, chat: ChatEngine, settings: Settings, options: argparse.Namespace
) -> tuple[Rows, list[str]]:
    """Ask what was not asked yet; return all rows and the questions that count."""
    size = "" if options.train is None or name != "squad" else f"-{options.train}"
    journal = Journal(f"{name}{size}-{chat.name}-{_version(settings)}", restart=options.restart)
    keys: list[str] = []
    for part in SETS[name](embedder, options.count, options.train):
        retriever = Retriever(part.store, embedder)
        session = AnswerSession(retriever, chat, embedder, settings, reader=load_reader(settings))
        for question in part.questions:
            key = hashlib.sha256(question.id.encode()).hexdigest()[:16]
            keys.append(key)
            for strategy in options.strategies:
                if key not in journal.rows.get(strategy, {}):
                    journal.add(strategy, key, _ask(session, question, strategy))
    return journal.rows, keys


def _version(settings: Settings) -> str:
    """Name what else decides the answers: the very model, and how much it is shown."""
    hashes = [m.sha256 for m in list_models(settings) if m.active and m.role != "embedder"]
    model = hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:8]
    shown = settings.for_model(ModelProfile())
    return f"{model}-{shown.prompt_passages}x{shown.prompt_passage_tokens}"


def _ask(session: AnswerSession, question: Question, strategy: str) -> Values:
    began = time.perf_counter()
    *_, last = session.ask(question.text, strategy=strategy)
    assert isinstance(last, Finished)
    return judged(question, last.answer, time.perf_counter() - began)


def figures_of(
    name: str, rows: Rows, keys: Sequence[str], strategies: Sequence[str]
) -> Iterator[Figure]:
    """Give each measure of each strategy, and how it differs from reading together."""
    for measure in dict.fromkeys(m for s in strategies for k in keys for m in rows[s][k]):
        base = _values(rows[TOGETHER], keys, measure) if TOGETHER in strategies else None
        for strategy in strategies:
            values = _values(rows[strategy], keys, measure)
            if np.isnan(values).all():
                continue
            note = _spread(values)
            if base is not None and strategy != TOGETHER:
                note += f"; against together {_spread(values - base, signed=True)}"
            unit = "s" if measure == "seconds" else ""
            value = float(np.nanmean(values))
            yield Figure(f"{name}, {strategy}: {measure}", value, unit, note=note)


def _values(rows: Mapping[str, Values], keys: Sequence[str], measure: str) -> NDArray[np.float64]:
    return np.array([rows[key].get(measure, np.nan) for key in keys])


def _spread(values: NDArray[np.float64], *, signed: bool = False) -> str:
    """Say the mean's interval over resamples of the questions that have a value."""
    known = values[~np.isnan(values)]
    draws = np.random.default_rng(0).integers(0, len(known), size=(RESAMPLES, len(known)))
    low, high = interval(known[draws].mean(axis=1), len(known))
    mean = f"{known.mean():+.3f} " if signed else ""
    if low is None or high is None:
        return f"{mean}({len(known)} question)"
    sign = "+" if signed else ""
    return f"{mean}[{low:{sign}.3f}, {high:{sign}.3f}], {len(known)} questions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=100, help="questions of each set and kind")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--train", type=int, help="paragraphs of training in the open library")
    parser.add_argument("--data-dir", type=Path, default=models_folder().parent)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--restart", action="store_true", help="ask again what was asked before")
    options = parser.parse_args()
    settings = load_settings(options.data_dir).with_changes(threads=options.threads)
    embedder, chat = remembering(load_embedder(settings)), load_chat(settings)
    figures: list[Figure] = []
    details: dict[str, Any] = {"model": chat.name, "count": options.count}
    for name in options.sets:
        try:
            rows, keys = run_set(name, embedder, chat, settings, options)
        except FileNotFoundError as error:
            print(f"skipped {name}: no evaluation data at {error.filename}")
            continue
        embedder.save()
        figures += figures_of(name, rows, keys, options.strategies)
        details[name] = len(keys)
    publish("reading strategies", figures, details, options.json)


if __name__ == "__main__":
    main()
