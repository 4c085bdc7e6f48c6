"""Questions in SQuAD's shape that a tiny BERT learns to answer in seconds, and other sources."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

from convert.reader.settings import ReaderData, ReaderSettings
from tests.convert.retrieval_material import COLOURS, CREATURES, write_json


def write_houses(path: Path, *, articles: int = 12, seed: int = 0) -> Path:
    """Write articles about creatures and their houses; half of the questions have no answer."""
    rng = random.Random(seed)
    data = []
    for number in range(articles):
        paragraphs = [_paragraph(f"{number}-{n}", rng) for n in range(4)]
        data.append({"title": f"Street_{number}", "paragraphs": paragraphs})
    write_json(path, {"version": "v2.0", "data": data})
    return path


def _paragraph(name: str, rng: random.Random) -> dict[str, Any]:
    colour, creature = rng.choice(list(COLOURS.values())), rng.choice(list(CREATURES.values()))
    answer = f"house {rng.randint(1, 99)}" if int(name[-1]) % 2 else ""
    told = f"lives in {answer}" if answer else "was measured by us"
    text = f"The {colour} {creature} {told}. It is never seen in number {rng.randint(1, 99)}."
    asked = [(f"{way} is the {colour} {creature}?", answer) for way in ("Where", "In house number")]
    qas = [
        {"id": f"{name}-{n}", "question": question, "is_impossible": not words,
         "answers": [{"text": words, "answer_start": text.index(words)}] if words else []}
        for n, (question, words) in enumerate(asked)
    ]  # fmt: skip
    return {"context": text, "qas": qas}


def write_written(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write unanswerable questions as JSON lines, gzipped as the public file is."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def cuad_entry(title: str, clauses: dict[str, str]) -> dict[str, Any]:
    """A contract: filler, and one sentence for each category that is there."""
    filler = "The supplier delivers what was ordered to the place that the buyer named. " * 12
    text, answers = "", {}
    for category, sentence in clauses.items():
        text += filler
        answers[category] = [{"text": sentence, "answer_start": len(text)}] if sentence else []
        text += f"{sentence} " if sentence else ""
        text += "\n\n"
    qas = [
        {"id": f"{title}__{category}",
         "question": f'Highlight the parts (if any) of this contract related to "{category}" '
                     f"that should be reviewed by a lawyer. Details: Is there a {category}?",
         "answers": given}
        for category, given in answers.items()
    ]  # fmt: skip
    return {"title": title, "paragraphs": [{"context": text, "qas": qas}]}


def reader_settings(folder: Path) -> ReaderSettings:
    """Return how a tiny reader learns from `write_houses`, well enough to answer."""
    squad = write_houses(folder / "houses.json", articles=40)
    data = ReaderData(
        squad=(squad,),
        near=60,
        changed=0,
        numbers=0,
        yes_no=0,
        codes=0,
        attributes=0,
        tables=0,
        letters=0,
    )
    return ReaderSettings(
        data=data, epochs=6, learning_rate=4e-3, max_tokens=64, train_embeddings=True,
        cropped=0.0, precision="float32", threads=1,
    )  # fmt: skip
