"""Contracts and advice on diseases that the reader was not trained on, to fit its confidence.

Both are kept out of training by name (`convert.reader.held_out_names.is_for_calibration`).
Contracts are asked for CUAD's categories in natural words, each contract by itself: a category
that the annotators did not find there has no answer. Diseases are asked of all their pages
together: where a page of that kind is missing, or left out, there is no answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from convert.dataset.cuad import read_cuad
from convert.reader.contract_questions import category_of, wordings_of
from convert.reader.held_out_names import is_for_calibration
from convert.reader.medical_questions import medical
from tests.bench.confidence_data import Material, Query
from tests.bench.qa_data import Text
from tests.bench.report import shared_data

CUAD = "cuad/train_rest.json.gz"
MEDQUAD = "medquad/medquad_with_answers.jsonl.gz"
_NAMELESS = ("Document Name", "Parties")
"""Asked of every contract with the same words; the product answers these in ways of their own."""


def contracts(count: int, seed: int = 0) -> Material:
    """Take `count` questions at most, half of them without an answer, of all kept contracts.

    Raises `FileNotFoundError` where the data are absent.
    """
    rng = random.Random(seed)
    kept = [a for a in read_cuad(_path(CUAD)) if is_for_calibration(a.name)]
    texts = [Text(a.name, "", "\n\n".join(p.text for p in a.paragraphs)) for a in kept]
    known: list[Query] = []
    absent: list[Query] = []
    for number, contract in enumerate(kept):
        answers: dict[str, list[str]] = {}
        for paragraph in contract.paragraphs:
            for question in paragraph.questions:
                found = answers.setdefault(category_of(question), [])
                found += [paragraph.text[a:b] for a, b in question.spans]
        lacking = {category_of(question): () for question in contract.unanswered}
        for category, given in {**lacking, **answers}.items():
            ways = wordings_of(category)
            if ways and category not in _NAMELESS:
                query = Query(
                    f"cuad-{number}-{category}",
                    rng.choice(list(ways)),
                    tuple(given),
                    "known" if given else "clause",
                    contract.name,
                    within=number,
                )
                (known if given else absent).append(query)
    chosen = [rng.sample(some, min(count // 2, len(some))) for some in (known, absent)]
    return Material(texts, [*chosen[0], *chosen[1]])


def diseases(count: int, seed: int = 0) -> Material:
    """Take `count` questions at most about the kept diseases; a third of them has no answer.

    Raises `FileNotFoundError` where the data are absent.
    """
    rng = random.Random(seed)
    samples = medical(_path(MEDQUAD), 100_000, 0.0, rng, held_out=True)
    left_out = {n for n in range(len(samples)) if rng.random() < 1 / 3}
    texts: list[Text] = []
    queries = []
    for number, sample in enumerate(samples):
        gone = number in left_out
        query = Query(
            f"medquad-{number}",
            sample.question,
            () if gone else (sample.passage,),
            "page" if gone else "known",
            sample.question,
            page=None if gone else len(texts),
        )
        queries.append(query)
        if not gone:
            texts.append(Text(f"{number}", "", sample.passage))
    return Material(texts, rng.sample(queries, min(count, len(queries))))


def domains(count: int) -> Iterator[tuple[str, Material]]:
    """Give each domain's name and material, with `count` questions at most."""
    yield "contracts", contracts(count)
    yield "diseases", diseases(count)


def _path(name: str) -> Path:
    path = shared_data() / name
    if not path.is_file():
        raise FileNotFoundError(2, "no such data", str(path))
    return path
