"""What reading strategies are compared on: libraries with questions, and how answers are judged.

squad:  SQuAD 2 A2 among the 18,896 paragraphs of training: one fact, or none.
lists:  CUAD dev, one contract each: categories of which a contract has two parts or more.
hops:   HotpotQA and MuSiQue, 100 questions each, whose answer needs several passages.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.types import Answer, Embedder, Sentence, Store
from tests.bench.libraries import library_of
from tests.bench.open_library import open_library
from tests.bench.qa_data import Text
from tests.bench.report import shared_data

SEED = 23
Values = dict[str, float]
Span = tuple[int, int]


@dataclass(frozen=True)
class Question:
    """A question with accepted answers (none: it can't be answered) or `spans` of a text."""

    id: str
    text: str
    answers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Part:
    """One library and its questions."""

    store: Store
    questions: Sequence[Question]


def squad_parts(embedder: Embedder, count: int, train: int | None) -> Iterator[Part]:
    """Give `count` questions that can be answered and `count` that can't."""
    with open_library(embedder, train=train) as library:
        draw = random.Random(SEED)
        kinds = [library.squad.answerable(), library.squad.unanswerable()]
        for asked in kinds:
            draw.shuffle(asked)
        chosen = [a for pair in zip(*kinds, strict=False) for a in pair][: 2 * count]
        yield Part(
            library.store,
            [Question(f"{a.paragraph}:{a.question}", a.question, a.answers) for a in chosen],
        )


def list_parts(embedder: Embedder, count: int, train: int | None) -> Iterator[Part]:
    """Give questions for all parts of a contract of one category, where there are several."""
    del train
    folder = shared_data() / "cuad" / "dev"
    contracts = json.loads((folder / "qa.json").read_text(encoding="utf-8"))["data"]
    found = [
        (number, Question(qa["id"], list_question(qa), (), spans))
        for number, entry in enumerate(contracts)
        for qa in entry["qas"]
        if len(spans := separate_spans(qa["answers"])) >= 2
    ]
    random.Random(SEED).shuffle(found)
    for number in sorted({number for number, _ in found[:count]}):
        path = folder / "txt" / contracts[number]["txt_file"].rsplit("/", 1)[-1]
        text = Text(path.name, "", path.read_text(encoding="utf-8", errors="replace"))
        with library_of([text], embedder) as store:
            yield Part(store, [q for n, q in found[:count] if n == number])


def hop_parts(embedder: Embedder, count: int, train: int | None) -> Iterator[Part]:
    """Give questions over the paragraphs that came with each of them."""
    del train
    folder = shared_data() / "hotpot_musique"
    hotpot = json.loads((folder / "hotpotqa_train.json").read_text(encoding="utf-8"))
    musique = json.loads((folder / "musique_train.json").read_text(encoding="utf-8"))
    made = [_hotpot(entry) for entry in hotpot] + [_musique(entry) for entry in musique]
    random.Random(SEED).shuffle(made)
    for question, texts in made[:count]:
        with library_of(texts, embedder) as store:
            yield Part(store, [question])


SETS: dict[str, Callable[[Embedder, int, int | None], Iterator[Part]]] = {
    "squad": squad_parts,
    "lists": list_parts,
    "hops": hop_parts,
}


def list_question(qa: dict[str, Any]) -> str:
    """Return a question of CUAD as a person would ask for all parts of a category."""
    details = qa["question"].partition("Details: ")[2].strip()
    return f'List all parts of the contract about "{qa["category"]}": {details}'


def separate_spans(answers: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    """Return the labelled spans that do not overlap one before."""
    spans: list[Span] = []
    for start, end in sorted(
        (a["answer_start"], a["answer_start"] + len(a["text"])) for a in answers
    ):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return tuple(spans)


def _hotpot(entry: dict[str, Any]) -> tuple[Question, list[Text]]:
    texts = [Text(title, title, "".join(sentences)) for title, sentences in entry["context"]]
    question = entry["question"]
    return Question(f"hotpot:{question}", question, (entry["answer"],)), texts


def _musique(entry: dict[str, Any]) -> tuple[Question, list[Text]]:
    texts = [Text(p["title"], p["title"], p["paragraph_text"]) for p in entry["paragraphs"]]
    answers = (entry["answer"], *entry.get("answer_aliases", ()))
    return Question(f"musique:{entry['id']}", entry["question"], answers), texts


# Judging ---------------------------------------------------------------------------------


def judged(question: Question, answer: Answer, seconds: float) -> Values:
    """Return what an answer is worth; a measure that does not apply is left out."""
    from tests.bench.bench_answers import contains, exact, f1

    written = [s for s in answer.sentences if s.origin == "model" and s.supported]
    values: Values = {"seconds": seconds}
    if question.spans:
        return values | _spans_found(question, answer)
    refused = answer.abstained
    if not question.answers:
        return values | {"refused, unanswerable": float(refused)}
    said = " ".join(s.text for s in written) or " ".join(s.text for s in answer.sentences)
    said = "" if refused else said
    return values | {
        "exact match": float(exact(said, question.answers)),
        "F1": f1(said, question.answers),
        "answer shown": float(not refused and contains(answer.text, question.answers)),
        "refused, answerable": float(refused),
    }


def _spans_found(question: Question, answer: Answer) -> Values:
    shown: Sequence[Sentence] = () if answer.abstained else answer.sentences
    quotes = [(q.start, q.end) for s in shown if s.supported for q in s.quotes]
    found = sum(any(_meet(span, q) for q in quotes) for span in question.spans)
    right = sum(any(_meet(span, q) for span in question.spans) for q in quotes)
    recall = found / len(question.spans)
    precision = right / len(quotes) if quotes else 0.0
    both = 2 * recall * precision / (recall + precision) if found else 0.0
    return {
        "parts found": recall,
        "quotes in a labelled part": precision,
        "F1 of both": both,
        "quotes": float(len(quotes)),
        "refused, answerable": float(answer.abstained),
    }


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
