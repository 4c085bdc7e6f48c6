"""Thousands of answers: is any quote that is shown not in the documents?

    python -m tests.bench.bench_verbatim [--json OUT] [--count N] [--adapter FILE]
        [--first N] [--library NAME] [--journal FILE]

Questions of SQuAD's training part and of A2, over a library of their paragraphs, and of CUAD's
development contracts, over theirs, are answered through `AnswerSession` by the real engine: one
of three as shipped (the reader first, then the tuned model where it adds something), one by the
tuned model alone, one by the untuned base alone, which writes freely. Every
quote is compared with the text that was ingested, character by character, by code that shares
nothing with the program's (`verbatim.py`). What was answered is kept in a journal: a run that
was stopped goes on, so that 5,000 answers can be had in slices (`--count 500`, then 1000, ...).
One question in five is of a contract and asks for a list: it is read passage by passage and takes
ten times as long.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.answering import AnswerSession
from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.engine.thread_count import threads_for
from assistant.errors import AssistantError
from assistant.models.catalogue import load_catalogue
from assistant.retrieval import Retriever
from assistant.types import Answer, Finished
from tests.bench.bench_adapter import shipped_adapter
from tests.bench.fit_confidence import calibration_of
from tests.bench.libraries import library_of, remembering
from tests.bench.qa_data import A2, SQUAD_TRAIN, Text, contracts, require, squad
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_most,
    models_folder,
    publish,
    shared_data,
)
from tests.bench.verbatim import Count, look_up

JOURNAL = ROOT / ".build" / "bench" / "verbatim.jsonl"
GOAL = 5000
OTHERS = 1500
"""Paragraphs of the training part that are in the library beside those asked about."""

CUAD_SHARE = 0.2
MODELS = ("shipped", "tuned", "base")
"""Who answers, in turn: question 0, 3, 6 and so on is the first one's."""

LONGEST_ANSWER = 64
"""Tokens: the base rambles on for ever, and each token costs time."""


@dataclass(frozen=True)
class Question:
    text: str
    library: str


@dataclass
class Line:
    """One answer's figures in the journal; `error` is the code if there was none."""

    number: int
    model: str
    library: str
    seconds: float
    count: dict[str, Any]
    error: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=GOAL, help="answers to have in all")
    parser.add_argument("--first", type=int, default=0, help="ask only from this number on, for"
                        " a second process with the same journal [default: 0]")  # fmt: skip
    parser.add_argument("--library", choices=["squad", "cuad"], help="ask only of this one; of"
                        " contracts an answer takes ten times as long [default: both]")  # fmt: skip
    parser.add_argument("--adapter", type=Path, help="LoRA GGUF [default: the one in models/]")
    parser.add_argument("--journal", type=Path, default=JOURNAL)
    options = parser.parse_args()
    base = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    adapter = options.adapter or shipped_adapter()
    if adapter is None or not adapter.is_file() or not base.is_file():
        print("skipped: the adapter or its base is missing")
        return EXIT_SKIPPED
    texts, questions = require(lambda: material(options.count))
    known = read_journal(options.journal, [base, adapter])
    bench = Bench(base, adapter, texts, questions, options.journal)
    bench.run(known, range(options.first, options.count), options.library)
    done = [known[n] for n in sorted(known) if n < options.count]
    publish("verbatim", figures_of(done), {}, options.json)
    return 0


def material(count: int, seed: int = 0) -> tuple[dict[str, list[Text]], list[Question]]:
    """Return the libraries' texts and the questions, mixed; the order is always the same."""
    rng = random.Random(seed)
    a2, train = squad(A2), squad(SQUAD_TRAIN)
    chosen = set(rng.sample(range(len(train.paragraphs)), OTHERS))
    texts = {
        "squad": a2.paragraphs + [train.paragraphs[n] for n in sorted(chosen)],
        "cuad": contracts(),
    }
    asked = [a.question for a in a2.asked]
    asked += [a.question for a in train.asked if a.paragraph in chosen]
    squad_part = [Question(text, "squad") for text in asked]
    cuad_part = [Question(text, "cuad") for text in cuad_questions()]
    rng.shuffle(squad_part)
    rng.shuffle(cuad_part)
    mixed: list[Question] = []
    for number in range(max(count, GOAL)):
        own = cuad_part if rng.random() < CUAD_SHARE else squad_part
        mixed.append(own[number % len(own)])
    return texts, mixed


def cuad_questions() -> list[str]:
    text = (shared_data() / "cuad/dev/qa.json").read_text(encoding="utf-8")
    return [entry["question"] for document in json.loads(text)["data"] for entry in document["qas"]]


class Bench:
    """Asks what was not asked before, one library after the other."""

    def __init__(
        self,
        base: Path,
        adapter: Path,
        texts: dict[str, list[Text]],
        questions: Sequence[Question],
        journal: Path,
    ) -> None:
        self._files: dict[str, Path | None] = dict.fromkeys(MODELS, adapter) | {"base": None}
        self._base = base
        self._texts = texts
        self._questions = questions
        self._journal = journal
        self._settings = Settings(data_dir=models_folder().parent).with_changes(
            max_answer_tokens=LONGEST_ANSWER
        )
        self._embedder = remembering(load_embedder(self._settings))
        self._reader = load_reader(self._settings)

    def run(self, known: dict[int, Line], numbers: range, only: str | None) -> None:
        left: dict[str, list[int]] = {}
        for number in numbers:
            library = self._questions[number].library
            if number not in known and only in (None, library):
                left.setdefault(library, []).append(number)
        if not left:
            return
        chats = {name: self._chat(name) for name in self._files}
        for library, own in left.items():
            self._library(library, own, chats, known)

    def _library(
        self, name: str, numbers: Sequence[int], chats: dict[str, LlamaChat], known: dict[int, Line]
    ) -> None:
        texts = self._texts[name]
        # As `library_of` writes them: the number makes every file its own document.
        documents = {f"{n:05d}.txt": [text.text] for n, text in enumerate(texts)}
        with library_of(texts, self._embedder) as store, self._journal.open("a") as file:
            self._embedder.save()
            sessions = {
                model: AnswerSession(
                    Retriever(store, self._embedder),
                    chat,
                    self._embedder,
                    self._settings,
                    reader=self._reader if model == "shipped" else None,
                )
                for model, chat in chats.items()
            }
            for done, number in enumerate(numbers, start=1):
                model = MODELS[number % len(MODELS)]
                line = self._ask(sessions[model], model, number, documents)
                known[number] = line
                file.write(json.dumps(asdict(line)) + "\n")
                file.flush()
                if done % 100 == 0 or done == len(numbers):
                    print(f"{name} {done}/{len(numbers)}", flush=True)

    def _ask(
        self, session: AnswerSession, model: str, number: int, documents: dict[str, list[str]]
    ) -> Line:
        question, count = self._questions[number], Count()
        began = time.perf_counter()
        error = ""
        try:
            answer = finished(session, question.text)
        except AssistantError as failed:
            error = failed.code
        else:
            look_up(answer, documents, count)
        seconds = round(time.perf_counter() - began, 3)
        return Line(number, model, question.library, seconds, asdict(count), error)

    def _chat(self, name: str) -> LlamaChat:
        adapter = self._files[name]
        return LlamaChat(
            self._base,
            name=name,
            context_length=self._settings.context_length,
            threads=threads_for(self._settings.threads),
            adapter=adapter,
            calibration=calibration_of(adapter) if adapter is not None else None,
        )


def finished(session: AnswerSession, question: str) -> Answer:
    for event in session.ask(question):
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("an answer without an end")


def read_journal(path: Path, models: Sequence[Path]) -> dict[int, Line]:
    """Read what was answered by these very models; a journal of others is put aside."""
    key = hashlib.sha256(
        b"".join(hashlib.sha256(model.read_bytes()).digest() for model in models)
    ).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not rows or rows[0] != json.dumps({"key": key}):
        if rows:
            path.replace(path.with_suffix(".old.jsonl"))
        path.write_text(json.dumps({"key": key}) + "\n", encoding="utf-8")
        return {}
    found = {}
    for row in rows[1:]:
        try:
            line = Line(**json.loads(row))
        except (ValueError, TypeError):
            continue  # the last line of a run that was killed
        found[line.number] = line
    return found


def figures_of(lines_: Sequence[Line]) -> list[Figure]:
    figures = [
        Figure(
            "answers", len(lines_), note="a third each as shipped, by the tuned model, by the base"
        )
    ]
    false = sum(len(line.count["fabricated"]) for line in lines_)
    figures.append(at_most("quotes shown that are not in the documents", false, 0))
    for model in MODELS:
        own = [line for line in lines_ if line.model == model]
        if not own:
            continue
        total = {
            key: sum(line.count[key] for line in own)
            for key in ("answers", "abstained", "quotes", "sentences", "supported")
        }
        figures += [
            Figure(f"{model}: quotes compared", total["quotes"], note=f"{len(own)} questions"),
            Figure(
                f"{model}: sentences supported", total["supported"] / max(1, total["sentences"])
            ),
            Figure(f"{model}: abstained", total["abstained"] / max(1, total["answers"])),
            Figure(f"{model}: failed", sum(bool(line.error) for line in own)),
            Figure(f"{model}: one answer", sum(line.seconds for line in own) / len(own), "s"),
        ]
    return figures


if __name__ == "__main__":
    sys.exit(main())
