"""The public sets that arms are measured on, each as libraries with questions.

    SQuAD 2 A2: paragraphs of A2 among the 18,896 of SQuAD's training part, one library.
    CUAD:       45 contracts as PDF, each a library of its own; a question is about one contract.
    PubMedQA:   abstracts; every second question is asked without its own. They were held out of
                one run of the shipped adapter, not of the runs before: not clean for `tuned`.

Examples for the five-shot arm come from what is not measured: SQuAD's training part and A1,
the first of the contracts, the abstracts that were not held out.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.evaluation.few_shot import FewShotQuestions
from assistant.evaluation.gold_spans import GoldSpan
from assistant.evaluation.suite import Item
from assistant.ingest import Ingester
from assistant.store import KeyFile, open_store
from assistant.types import Embedder, FileFailed, Store
from tests.bench.libraries import TextsParser, text_number
from tests.bench.open_library import open_library
from tests.bench.qa_data import A1, SQUAD_TRAIN, Text, _open, squad
from tests.bench.report import ROOT, shared_data

STORES = ROOT / ".build" / "bench" / "arms" / "stores"
SEED = 17
_SHOTS = 40


@dataclass(frozen=True)
class Part:
    """One library and what is asked of it."""

    store: Store
    items: tuple[Item, ...]
    places: dict[str, tuple[GoldSpan, ...]]


@dataclass(frozen=True)
class ArmSet:
    """A set: its parts open their libraries one after the other. `shots` and their library."""

    name: str
    title: str
    kind: type[Questions]


class Questions:
    """What a set offers: `parts` with up to `count` questions of each kind, and `shots`.

    `train` bounds the paragraphs of training in the open library, to try things.
    """

    def __init__(self, embedder: Embedder, count: int, train: int | None = None) -> None:
        self.embedder, self.count, self.train = embedder, count, train

    def parts(self) -> Iterator[Part]:
        raise NotImplementedError

    @contextmanager
    def shots(self) -> Iterator[tuple[Store, FewShotQuestions]]:
        """Give what examples are made of, and the library that holds their answers."""
        raise NotImplementedError
        yield

    def chosen(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return up to `count` of each kind; more of them with a greater count, none less."""
        draw = random.Random(SEED)
        order = list(items)
        draw.shuffle(order)
        kinds = ([i for i in order if i.answerable], [i for i in order if not i.answerable])
        return tuple(item for kind in kinds for item in kind[: self.count])


class SquadQuestions(Questions):
    def parts(self) -> Iterator[Part]:
        with open_library(self.embedder, train=self.train) as library:
            asked = {_id(a.question, str(a.paragraph)): a for a in library.squad.asked}
            items = self.chosen([Item(key, a.question, a.answers) for key, a in asked.items()])
            places = {
                item.id: tuple(
                    GoldSpan(library.document_of(asked[item.id].paragraph), 1, at, at + len(text))
                    for at, text in zip(asked[item.id].starts, item.answers, strict=True)
                )
                for item in items
            }
            yield Part(library.store, items, places)

    @contextmanager
    def shots(self) -> Iterator[tuple[Store, FewShotQuestions]]:
        draw = random.Random(SEED)
        answered = draw.sample(squad(SQUAD_TRAIN).asked, _SHOTS)
        refused = draw.sample(squad(A1).unanswerable(), _SHOTS)
        items = [_example(a.question, a.answers) for a in (*answered, *refused)]
        with open_library(self.embedder, train=self.train) as library:
            yield library.store, FewShotQuestions(tuple(items))


class CuadQuestions(Questions):
    def parts(self) -> Iterator[Part]:
        contracts = _contracts()
        asked = {
            _id(entry["title"], question): (entry["title"], question, tuple(answers))
            for entry in contracts[1:]
            for question, answers in _cuad_asked(entry)
        }
        items = self.chosen([Item(key, q, answers) for key, (_, q, answers) in asked.items()])
        for entry in contracts[1:]:
            own = tuple(item for item in items if asked[item.id][0] == entry["title"])
            if own:
                with self.contract(entry) as store:
                    places = {item.id: _pages(store, item.answers) for item in own}
                    yield Part(store, own, places)

    @contextmanager
    def shots(self) -> Iterator[tuple[Store, FewShotQuestions]]:
        first = _contracts()[0]
        with self.contract(first) as store:
            yield (
                store,
                FewShotQuestions(tuple(_example(q, answers) for q, answers in _cuad_asked(first))),
            )

    @contextmanager
    def contract(self, entry: dict[str, Any]) -> Iterator[Store]:
        """Open a contract's library; its PDF is added once, by the product's own reader."""
        pdf = shared_data() / "cuad" / "dev" / "pdf" / Path(entry["pdf_file"]).name
        name = _id(pdf.name, self.embedder.identity.sha256)
        key = KeyFile(_folder() / "stores.key").get(create=True)
        path = STORES / f"{name}.db"
        store = open_store(path, key, create=True, embedder=self.embedder.identity)
        try:
            if not store.documents():
                settings = Settings(data_dir=STORES)
                parser = ChildParser(settings)
                for event in Ingester(store, self.embedder, parser, settings).add([pdf]):
                    assert not isinstance(event, FileFailed), event
                parser.close()
            yield store
        finally:
            store.close()


class PubmedQuestions(Questions):
    def parts(self) -> Iterator[Part]:
        asked, held = _pubmed()
        items = {_id(q.id): Item(_id(q.id), q.question, q.answers) for q in held}
        documents = {_id(q.id): q.document for q in held}
        texts = _abstracts(asked, without={q.document for q in held if not q.answers})
        with _kept(texts, self.embedder) as store:
            numbers = {text.name: record.id for text, record in _records(store, texts)}
            chosen = self.chosen(list(items.values()))
            places = {
                item.id: (GoldSpan(numbers[documents[item.id]], 1),) if item.answerable else ()
                for item in chosen
            }
            yield Part(store, chosen, places)

    @contextmanager
    def shots(self) -> Iterator[tuple[Store, FewShotQuestions]]:
        asked, held = _pubmed()
        measured = {q.document for q in held}
        free = [q for q in asked.questions if q.document not in measured][: 2 * _SHOTS]
        texts = _abstracts(asked, without=measured | {q.document for q in free if not q.answers})
        with _kept(texts, self.embedder) as store:
            yield store, FewShotQuestions(tuple(_example(q.question, q.answers) for q in free))


SETS = (
    ArmSet("squad", "SQuAD 2 A2, open", SquadQuestions),
    ArmSet("cuad", "CUAD dev, PDFs", CuadQuestions),
    ArmSet("pubmedqa", "PubMedQA", PubmedQuestions),
)


@contextmanager
def _kept(texts: Sequence[Text], embedder: Embedder) -> Iterator[Store]:
    """Open a library of texts, made once; document names are the texts' numbers."""
    key = KeyFile(_folder() / "stores.key").get(create=True)
    name = _id(embedder.identity.sha256, *(text.text for text in texts))
    store = open_store(STORES / f"{name}.db", key, create=True, embedder=embedder.identity)
    try:
        if len(store.documents()) < len(texts):
            files = STORES / f"{name}-files"
            files.mkdir(exist_ok=True)
            for number, text in enumerate(texts):
                (files / f"{number:05d}.txt").write_text(f"{number}\n{text.text}", "utf-8")
            settings = Settings(data_dir=STORES)
            for event in Ingester(store, embedder, TextsParser(texts), settings).add([files]):
                assert not isinstance(event, FileFailed), event
        yield store
    finally:
        store.close()


def _folder() -> Path:
    STORES.mkdir(parents=True, exist_ok=True)
    return STORES


def _contracts() -> list[dict[str, Any]]:
    return sorted(_open("cuad/dev/qa.json")["data"], key=lambda entry: entry["title"])


def _cuad_asked(entry: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return each category as a person would ask for it, and the spans of the lawyers."""
    from convert.dataset.cuad import rewordings

    return [
        (rewordings(qa["question"])[-1], list(dict.fromkeys(a["text"] for a in qa["answers"])))
        for qa in entry["qas"]
    ]


def _pages(store: Store, answers: Sequence[str]) -> tuple[GoldSpan, ...]:
    """Return the pages of the PDF on which the labelled spans begin (letters and digits)."""
    (record,) = store.documents()
    pages = [_letters(store.page_text(record.id, n)) for n in range(1, record.pages + 1)]
    starts = [sum(map(len, pages[:n])) for n in range(len(pages) + 1)]
    whole = "".join(pages)
    found = set()
    for answer in answers:
        at = whole.find(_letters(answer))
        if at >= 0:
            found.add(max(n for n, start in enumerate(starts[:-1], 1) if start <= at))
    return tuple(GoldSpan(record.id, page) for page in sorted(found))


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _pubmed() -> tuple[Any, list[Any]]:
    """Return all of PubMedQA, and the questions about the abstracts that were held out."""
    from convert.dataset.held_out_split import held_out
    from convert.evaluate.public_sets import pubmedqa_questions
    from convert.evaluate.settings import EvaluateSettings

    asked = pubmedqa_questions(shared_data() / "pubmedqa" / "train_500.json")
    settings = EvaluateSettings()
    names = {question.document for question in asked.questions}
    held = held_out(names, settings.pubmedqa_ratio, settings.pubmedqa_seed)
    return asked, [q for q in asked.questions if q.document in held]


def _abstracts(asked: Any, without: set[str]) -> list[Text]:
    whole: dict[str, list[str]] = {}
    for paragraph in asked.paragraphs:
        if paragraph.document not in without:
            whole.setdefault(paragraph.document, []).append(paragraph.text)
    return [Text(name, name, "\n\n".join(parts)) for name, parts in whole.items()]


def _records(store: Store, texts: Sequence[Text]) -> list[tuple[Text, Any]]:
    return [(texts[text_number(record.name)], record) for record in store.documents()]


def _example(question: str, answers: Sequence[str]) -> Item:
    return Item(_id(question), question, tuple(answers), training=True)


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
