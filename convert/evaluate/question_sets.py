"""Build the question sets that the settings name, once for all systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.config import Settings
from assistant.errors import UsageError
from assistant.types import ChatEngine, Embedder, Message
from convert.atomic_output import Job
from convert.dataset.held_out_split import held_out
from convert.evaluate.evaluation_items import Item, balanced, items_of_samples, pick
from convert.evaluate.item_builder import AskedSet, served_items, whole_items
from convert.evaluate.paragraph_pool import Pool
from convert.evaluate.public_sets import cuad_questions, pubmedqa_questions, squad_questions
from convert.evaluate.settings import EvaluateSettings
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Sample, read_samples

VALIDATION = "validation"
"""Name of the set of a dataset's own validation samples."""

_LONGEST_EXAMPLE = 1_500
_REFUSING_EXAMPLES = 0.4


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Items under one name ("squad2_A2-dev-eval, whole")."""

    name: str
    items: tuple[Item, ...]


def build_sets(
    settings: EvaluateSettings,
    served_as: Settings,
    dataset: Path | None,
    embedder: Embedder,
    chat: ChatEngine,
    job: Job,
) -> list[QuestionSet]:
    """Build every set that is named. Raises `UsageError` if there is none, or one is empty.

    Nothing is asked about a document that the dataset trains on. `chat` only counts tokens,
    `served_as` are the laptop's settings.
    """
    sets = []
    for name, asked in _sources(settings, dataset):
        pool = Pool(asked.paragraphs, embedder)
        questions = asked.sample(settings.count, settings.seed)
        for way in settings.ways:
            label = f"{name}, {way}"
            job.progress(f"Choosing passages for {label}", 0, 0)
            if way == "whole":
                items = whole_items(
                    questions,
                    pool,
                    negatives=settings.negatives,
                    seed=settings.seed,
                    source=label,
                )
            else:
                items = served_items(questions, pool, chat, served_as, source=label)
            sets.append(QuestionSet(label, tuple(items)))
    for question_set in sets:
        if not question_set.items:
            raise UsageError(f"The set '{question_set.name}' holds no question.")
    if dataset is not None:
        found = items_of_samples(dataset / VALIDATION_FILE, VALIDATION)
        if found:  # chats are not scored
            chosen = balanced(found, settings.count, settings.seed)
            sets.append(QuestionSet(VALIDATION, tuple(chosen)))
    if not sets:
        raise UsageError(
            "There is nothing to ask.",
            hint="Name a dataset with questions and answers, or a held-out file with --squad.",
        )
    return sets


def _sources(settings: EvaluateSettings, dataset: Path | None) -> Iterator[tuple[str, AskedSet]]:
    trained = _documents(dataset / TRAIN_FILE) if dataset is not None else frozenset()

    def unseen(document: str) -> bool:
        return _plain(document) not in trained

    for name in settings.squad:
        path = Path(name)
        yield path.name.partition(".")[0], squad_questions(path).about(unseen)
    if settings.cuad:
        yield "CUAD", cuad_questions(Path(settings.cuad)).about(unseen)
    if settings.pubmedqa:
        asked = pubmedqa_questions(Path(settings.pubmedqa))
        if dataset is None:
            names = {question.document for question in asked.questions}
            held = held_out(names, settings.pubmedqa_ratio, settings.pubmedqa_seed)
            yield "PubMedQA", asked.about(held.__contains__)
        else:
            yield "PubMedQA", asked.about(unseen)


def _documents(path: Path) -> frozenset[str]:
    """Return the names of the documents that samples were made of, without their source."""
    names = {sample.document for sample in read_samples(path)}
    return frozenset(_plain(part) for name in names for part in (name, name.partition("/")[2]))


def _plain(document: str) -> str:
    return document.replace("_", " ")


def examples(dataset: Path, count: int, seed: int) -> tuple[Message, ...]:
    """Return `count` training samples as turns: the prompts and the answers to them.

    Two in five are refusals. Short samples are taken, so that the examples fit beside the
    question; if there are not so many, all of them.
    """
    by_kind: dict[str, list[Sample]] = {"answer": [], "refusal": []}
    for sample in read_samples(dataset / TRAIN_FILE):
        if sample.kind in by_kind and len(sample.prompt[-1].content) <= _LONGEST_EXAMPLE:
            by_kind[sample.kind].append(sample)
    refusals = min(round(count * _REFUSING_EXAMPLES), len(by_kind["refusal"]))
    chosen = pick(by_kind["refusal"], refusals, seed) if refusals else []
    if count > refusals:
        chosen += pick(by_kind["answer"], count - refusals, seed)
    return _turns(_mixed(chosen))


def _mixed(samples: Sequence[Sample]) -> list[Sample]:
    """Put the samples in an order that has nothing to do with their kind."""
    return sorted(samples, key=lambda sample: sample.id)


def _turns(samples: Sequence[Sample]) -> tuple[Message, ...]:
    return tuple(m for sample in samples for m in sample.messages if m.role != "system")
