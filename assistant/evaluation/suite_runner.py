"""Run an evaluation: ask every arm every question, resuming an earlier run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import Cancelled, SuiteError
from assistant.evaluation.answer_journal import Journal
from assistant.evaluation.arms import Arm
from assistant.evaluation.ask_suite import GradedAnswer, ask_items
from assistant.evaluation.gold_spans import GoldSpan, Pages, find_gold_spans
from assistant.evaluation.memory_use import Memory
from assistant.evaluation.saved_run import ArmRun
from assistant.evaluation.suite import Item, Suite
from assistant.types import CancelToken, DocumentRecord, Workspace

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, questions done, questions in all arms)."""


@dataclass(frozen=True, slots=True)
class Library:
    """The library asked: `sha256` is of the hashes of all documents, so that a change shows."""

    name: str
    sha256: str
    documents: int


class Runner:
    """Asks a suite. `opener` opens the library for an arm, with the model of that arm.

    `key` is all else that decides the answers (program, settings): what was kept of a
    stopped run is used only if it is the same. With `keep_texts` the texts of questions and
    answers are kept too.
    """

    def __init__(
        self,
        suite: Suite,
        opener: Callable[[Arm], Workspace],
        journals: Path,
        key: Mapping[str, Any],
        *,
        keep_texts: bool,
        cancel: CancelToken,
        progress: Progress,
    ) -> None:
        self._suite = suite
        self._opener = opener
        self._folder = journals
        self._key = {**key, "suite": suite.sha256, "texts": keep_texts}
        self._keep_texts = keep_texts
        self._cancel = cancel
        self._progress = progress
        self._journals: list[Journal] = []
        self._places: dict[str, tuple[GoldSpan, ...]] = {}
        self.library: Library | None = None
        self.texts: list[dict[str, Any]] = []
        self.resumed = 0

    def run(self, arms: Sequence[Arm], *, restart: bool = False) -> list[ArmRun]:
        """Ask all arms. Raises `SuiteError`, `Cancelled`, and what a workspace raises."""
        runs: list[ArmRun] = []
        try:
            for arm in arms:
                runs.append(self._arm(arm, len(runs), len(arms), restart=restart))
        except Cancelled as error:
            kept = sum(len(journal.rows) for journal in self._journals)
            raise Cancelled(
                f"{kept} answers are kept.", hint="The same command goes on from there."
            ) from error
        return runs

    def done(self) -> None:
        """Forget what was kept for going on: the run was written."""
        for journal in self._journals:
            journal.drop()

    def _arm(self, arm: Arm, number: int, arms: int, *, restart: bool) -> ArmRun:
        items = self._suite.items
        before, total = number * len(items), arms * len(items)
        self._progress(f"{arm.name}: opening", before, total)
        with closing(self._opener(arm)) as workspace:
            self._look_at(workspace)
            journal = self._journal(arm, restart=restart)
            left = [item for item in items if item.id not in journal.rows]
            self.resumed += len(items) - len(left)
            memory, began = Memory(), time.perf_counter()
            if left:
                workspace.warm_up()
            seconds = time.perf_counter() - began if left else 0.0
            memory.look()
            asked = ask_items(workspace, left, self._places, self._cancel, memory, arm)
            for judged in asked:
                journal.add(judged.row, self._text(judged))
                self._progress(arm.name, before + len(journal.rows), total)
            model = workspace.model_name
        for item in items:
            if item.id in journal.texts:
                self.texts.append({"arm": arm.name, "id": item.id, **journal.texts[item.id]})
        return ArmRun(
            arm.name,
            model,
            arm.sha256,
            memory.most if left else 0,
            round(seconds, 3),
            tuple(journal.rows[item.id] for item in items),
            closed=arm.closed,
            shots=arm.shots,
            tuned=arm.tuned,
            strategy=arm.strategy,
        )

    def _journal(self, arm: Arm, *, restart: bool) -> Journal:
        if self.library is None:
            raise AssertionError("the library is looked at first")
        key = {
            **self._key,
            "library": self.library.sha256,
            "arm": [arm.name, arm.chat_model, arm.sha256, arm.base_sha256],
        }
        if not arm.shots:
            key["shots"] = ""  # examples decide nothing where none are shown
        journal = Journal(self._folder, key)
        if restart:
            journal.drop()
        known = {item.id: item.digest for item in self._suite.items}
        journal.rows = {k: r for k, r in journal.rows.items() if known.get(k) == r.digest}
        self._journals.append(journal)
        return journal

    def _look_at(self, workspace: Workspace) -> None:
        """Find the suite's places, once; refuse a library that is another than before."""
        documents = workspace.documents()
        found = Library(workspace.library_name, _sha256(documents), len(documents))
        if self.library is None:
            self._places = find_gold_spans(self._suite, documents, Pages(workspace))
            self.library = found
        elif found != self.library:
            raise SuiteError(
                "The library was changed while it was measured.",
                hint="Wait until nothing is added or forgotten, and start again.",
            )

    def _text(self, judged: GradedAnswer) -> dict[str, Any] | None:
        if not self._keep_texts or judged.answer is None:
            return None
        return _text_table(judged.item, judged)


def _sha256(documents: Sequence[DocumentRecord]) -> str:
    digest = hashlib.sha256()
    for line in sorted(f"{d.content_hash} {d.name}" for d in documents):
        digest.update(line.encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()


def _text_table(item: Item, judged: GradedAnswer) -> dict[str, Any]:
    answer = judged.answer
    sentences = answer.sentences if answer else ()
    return {
        "question": item.question,
        "answers": list(item.answers),
        "right": judged.row.right,
        "answer": answer.text if answer else "",
        "sentences": [
            {
                "text": sentence.text,
                "supported": sentence.supported,
                "origin": sentence.origin,
                "quotes": [
                    {"document": q.document, "page": q.page, "text": q.text}
                    for q in sentence.quotes
                ],
            }
            for sentence in sentences
        ],
    }
