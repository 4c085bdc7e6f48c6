"""Retrieval, tuning, both: the arms of `assistant advise` on public sets, with intervals.

    python -m tests.bench.bench_arms [--json OUT] [--sets squad cuad pubmedqa] [--count N]
        [--arms ARM ...] [--threads N] [--fresh] [--write-page]

`retrieval` has no chat model, and answers as the laptop does without one: with the reader. The
others show what a chat model makes of the passages by itself.

Asked as `assistant eval --for-advice` asks: the same arms, judge, measures and bootstrap, over
libraries that the product's own ingest made (`arm_sets.py`). Answers are kept in
`.build/bench/arms`: a run that was stopped goes on, and a greater `--count` asks only what is
new (with another model all is asked; after a change of the program say `--fresh`).
`--write-page` writes the table into docs/evaluation.md.

A question asked of all six arms takes about 6 s on two quiet processor cores: 100 questions,
ten minutes. Making the large library takes a few minutes more, once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.answering import AnswerSession
from assistant.cli.eval.arms import DECIDING, installed_models
from assistant.cli.eval.libraries import FewShotChat
from assistant.config import NO_CHAT_MODEL, Settings, load_settings
from assistant.engine.engine_loader import (
    embedder_identity,
    load_chat,
    load_embedder,
    load_reader,
)
from assistant.engine.reader import OnnxReader
from assistant.evaluation.answer_journal import Journal
from assistant.evaluation.arms import Arm, arms_named, names_for_advice
from assistant.evaluation.ask_suite import ask_items
from assistant.evaluation.bootstrap import sample
from assistant.evaluation.closed_book import answer_closed
from assistant.evaluation.few_shot import make_shots
from assistant.evaluation.grading import Row
from assistant.evaluation.memory_use import Memory
from assistant.retrieval import Retriever
from assistant.types import (
    AnswerEvent,
    CancelToken,
    ChatEngine,
    DocumentRecord,
    Embedder,
    Message,
    Reader,
    SearchResult,
    Store,
)
from tests.bench.arm_page import figures_for, section, write_page
from tests.bench.arm_sets import SETS, ArmSet
from tests.bench.libraries import remembering
from tests.bench.qa_data import require
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish
from tests.bench.run_all import machine

OUT = ROOT / ".build" / "bench" / "arms"


@dataclass
class BenchWorkspace:
    """As much of a `Workspace` as a measurement asks for, over a store that is open."""

    store: Store
    embedder: Embedder
    chat: ChatEngine | None
    settings: Settings
    closed: bool = False
    reader: Reader | None = None

    def ask(
        self, question: str, cancel: CancelToken | None = None, *, strategy: str = "", **_: Any
    ) -> Iterator[AnswerEvent]:
        if self.closed:
            return answer_closed(self.chat, question, cancel=cancel)  # type: ignore[arg-type]
        session = AnswerSession(
            self.retriever(), self.chat, self.embedder, self.settings, reader=self.reader
        )
        return session.ask(question, cancel, strategy=strategy)

    def search(self, query: str, limit: int = 8) -> SearchResult:
        return self.retriever().search(query, limit)

    def page_text(self, document_id: int, page: int) -> str:
        return self.store.page_text(document_id, page)

    def documents(self) -> list[DocumentRecord]:
        return self.store.documents()

    def retriever(self) -> Retriever:
        return Retriever(self.store, self.embedder)


@dataclass(frozen=True)
class Bench:
    """What all sets are measured with."""

    settings: Settings
    embedder: Embedder
    arms: tuple[Arm, ...]
    count: int
    fresh: bool = False
    train: int | None = None

    def measure(self, asked: ArmSet) -> dict[str, tuple[Row, ...]]:
        """Ask all arms of a set; return their rows, in the same order."""
        found: dict[str, tuple[Row, ...]] = {}
        for arm in self.arms:
            questions = asked.kind(self.embedder, self.count, self.train)
            chat = self._chat(arm)
            shots: tuple[Message, ...] = ()
            if arm.shots and chat is not None:
                with questions.shots() as (store, given):
                    shots = make_shots(given, Retriever(store, self.embedder).search)
                chat = FewShotChat(chat, shots)
            reader = load_reader(self.settings) if chat is None else None
            journal = Journal(OUT, self._key(asked, arm, shots, reader))
            if self.fresh:
                journal.drop()
            began, fresh = time.perf_counter(), 0
            rows: list[Row] = []
            for part in questions.parts():
                left = [item for item in part.items if item.id not in journal.rows]
                workspace = BenchWorkspace(
                    part.store, self.embedder, chat, self.settings, arm.closed, reader
                )
                for judged in ask_items(
                    workspace, left, part.places, CancelToken(), Memory(), arm  # type: ignore[arg-type]
                ):  # fmt: skip
                    journal.add(judged.row, None)
                    fresh += 1
                    if fresh % 20 == 0:
                        said(asked, arm, fresh, began)
                rows += [journal.rows[item.id] for item in part.items]
            said(asked, arm, fresh, began)
            found[arm.name] = tuple(rows)
        return found

    def _chat(self, arm: Arm) -> ChatEngine | None:
        if arm.chat_model == NO_CHAT_MODEL:
            return None
        chosen = self.settings.with_changes(chat_model=arm.chat_model or None)
        return load_chat(chosen)

    def _key(
        self, asked: ArmSet, arm: Arm, shots: Sequence[Message], reader: Reader | None
    ) -> dict[str, Any]:
        own = {"reader": repr(reader.info)} if isinstance(reader, OnnxReader) else {}
        return own | {
            "set": asked.name if self.train is None else f"{asked.name}-{self.train}",
            "arm": [arm.name, arm.sha256, arm.base_sha256],
            "settings": {name: getattr(self.settings, name) for name in DECIDING},
            "embedder": embedder_identity(self.settings).sha256,
            "shots": [message.content for message in shots],
        }


def said(asked: ArmSet, arm: Arm, fresh: int, began: float) -> None:
    seconds = time.perf_counter() - began
    each = seconds / fresh if fresh else 0.0
    print(f"{asked.name}, {arm.name}: {fresh} asked, {each:.2f} s each", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--sets", nargs="+", choices=[s.name for s in SETS], default=None)
    parser.add_argument("--arms", nargs="+", help="[default: all that `advise` compares]")
    parser.add_argument("--count", type=int, default=100, help="questions of each kind and set")
    parser.add_argument("--train", type=int, help="paragraphs of training in the open library")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--reader", default="", help="folder of a reader [default: the shipped one]"
    )
    parser.add_argument("--fresh", action="store_true", help="ask all anew: the program changed")
    parser.add_argument("--data-dir", type=Path, default=models_folder().parent)
    parser.add_argument("--write-page", action="store_true", help="write docs/evaluation.md")
    options = parser.parse_args()
    settings = load_settings(options.data_dir).with_changes(
        threads=options.threads or None, reader=options.reader or None
    )
    models = installed_models(settings)
    arms = arms_named(options.arms or names_for_advice(models), models)
    embedder = remembering(load_embedder(settings))
    bench = Bench(settings, embedder, arms, options.count, options.fresh, options.train)
    figures: list[Figure] = []
    sections: list[str] = []
    details: dict[str, Any] = {"arms": {arm.name: arm.sha256 for arm in arms}}
    for asked in SETS:
        if options.sets and asked.name not in options.sets:
            continue
        rows = require(lambda asked=asked: bench.measure(asked))  # type: ignore[misc]
        embedder.save()
        sampled = sample(rows)
        figures += list(figures_for(asked, sampled))
        sections.append(section(asked, rows, sampled))
        details[asked.name] = {name: len(answered) for name, answered in rows.items()}
    publish("arms on public sets", figures, details, options.json)
    if options.write_page:
        write_page("\n\n".join([*sections, f"Machine: {machine()}."]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
