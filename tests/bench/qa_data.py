"""Questions and texts of the evaluation data, in one shape for the benches of retrieval.

Every reader raises `FileNotFoundError` where the data are absent; `require` turns that
into the exit status of a skipped bench.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.report import EXIT_SKIPPED, shared_data

T = TypeVar("T")

A1 = "ft/squad2_A1-refusal-train.json"
A2 = "ft/squad2_A2-dev-eval.json"
SQUAD_TRAIN = "squad/train-v1.1.rebuilt.json.gz"
SQUAD_DEV = "squad/dev-v1.1.13-articles-developers.json"


@dataclass(frozen=True)
class Text:
    """One document of a library."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A question, the accepted answers (none if unanswerable) and its gold paragraph."""

    question: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]
    paragraph: int


@dataclass(frozen=True)
class Squad:
    paragraphs: list[Text]
    asked: list[Asked]

    def answerable(self) -> list[Asked]:
        return [a for a in self.asked if a.answers]

    def unanswerable(self) -> list[Asked]:
        return [a for a in self.asked if not a.answers]


def require(read: Callable[[], T]) -> T:
    """Return what `read` reads, or end the bench as skipped if the data are not there."""
    try:
        return read()
    except FileNotFoundError as error:
        print(f"skipped: no evaluation data at {error.filename}")
        sys.exit(EXIT_SKIPPED)


def _open(name: str) -> Any:
    path = shared_data() / name
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else _text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def squad(name: str, articles: slice = slice(None)) -> Squad:
    """Read a SQuAD file; each paragraph is a document named after its article."""
    found = Squad([], [])
    for article in _open(name)["data"][articles]:
        title = article["title"].replace("_", " ")
        for number, paragraph in enumerate(article["paragraphs"], start=1):
            at = len(found.paragraphs)
            found.paragraphs.append(Text(f"{title} {number}.txt", "", paragraph["context"]))
            for entry in paragraph["qas"]:
                given = [] if entry.get("is_impossible") else entry["answers"]
                found.asked.append(
                    Asked(
                        entry["question"],
                        tuple(a["text"] for a in given),
                        tuple(a["answer_start"] for a in given),
                        at,
                    )
                )
    return found


def lines(name: str) -> Iterator[dict[str, Any]]:
    path = shared_data() / name
    raw = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else _text(path)
    return (json.loads(line) for line in raw.splitlines() if line)


def scifact_texts() -> list[Text]:
    return [Text(d["_id"], d["title"], d["text"]) for d in lines("scifact/corpus.jsonl.gz")]


def scifact_claims(split: str) -> list[tuple[str, set[str]]]:
    """Return the (claim, ids of relevant abstracts) of a split, "train" or "test"."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in _text(shared_data() / f"scifact/qrels/{split}.tsv").splitlines()[1:]:
        claim, abstract, score = row.split("\t")
        if int(score) > 0:
            wanted[claim].add(abstract)
    claims = {c["_id"]: c["text"] for c in lines("scifact/queries.jsonl")}
    return [(claims[claim], relevant) for claim, relevant in wanted.items()]


def pubmedqa() -> tuple[list[Text], list[str]]:
    """Return the abstracts and their questions, in the same order."""
    rows = list(_open("pubmedqa/train_500.json").items())
    texts = [Text(f"PubMed {key}.txt", "", " ".join(row["CONTEXTS"])) for key, row in rows]
    return texts, [row["QUESTION"] for _, row in rows]


def medquad() -> list[tuple[Text, str]]:
    """Return (the answer as a document, its question)."""
    return [
        (Text(f"{r['focus']} {r['id']}.txt", r["focus"], r["answer"]), r["question"])
        for r in lines("medquad/medquad_with_answers.jsonl.gz")
    ]


def covidqa() -> list[tuple[Text, list[str]]]:
    """Return (paper, its questions)."""
    return [
        (Text(f"paper {n}.txt", "", p["context"]), [q["question"] for q in p["qas"]])
        for n, d in enumerate(_open("covidqa/covidqa_200423_fixed.json")["data"])
        for p in d["paragraphs"]
    ]


def contracts() -> list[Text]:
    folder = shared_data() / "cuad" / "dev" / "txt"
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder", str(folder))
    return [
        Text(path.name, "", path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(folder.iterdir())
    ]
