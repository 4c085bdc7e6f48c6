"""Read questions and passages: a dataset's folder, SQuAD's format, and BEIR's.

- A dataset's folder (`convert.training_samples`): the passages are taken out of the prompts, the
  oracle is the one that holds the answer. Its splits are kept (`validation` is held out).
- A JSON file in SQuAD's shape: every tenth article is held out.
- A folder in BEIR's shape (Thakur et al. 2021): `corpus.jsonl`, `queries.jsonl` (or .gz),
  `qrels/train.tsv` and `qrels/test.tsv`. A tenth of the train questions is held out.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.prompts import PromptPassage, build_messages
from convert.dataset.articles import one_line
from convert.dataset.data_files import open_bytes, read_text
from convert.dataset.squad import read_squad
from convert.embedder.question_pairs import (
    Asked,
    Passage,
    QuestionSet,
    QuestionSetBuilder,
    Split,
    joined,
)
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Sample, read_samples

HELD_OUT = 10
"""One of so many articles (or train questions, in BEIR's shape) is held out."""

_LONGEST_LINE = 8 << 20
_HEADER = re.compile(r"\[(\d+)\] (.+), page (\d+):")
_SHAPES = (
    "Name a dataset's folder, a folder in BEIR's shape (corpus.jsonl, queries.jsonl, qrels), "
    "or a .json file in SQuAD's shape."
)


def read_questions(paths: Sequence[Path]) -> QuestionSet:
    """Read and join data of any of the three shapes.

    Raises `UsageError` naming file and line for what can't be read, and where nothing can
    be learned from the data.
    """
    if not paths:
        raise UsageError("There are no data to learn from.", hint=_SHAPES)
    found = joined([_read(path) for path in paths])
    if not found.train and not found.held_out and not found.test:
        raise UsageError("The data hold no question with a passage that answers it.")
    return found


def _read(path: Path) -> QuestionSet:
    if (path / TRAIN_FILE).is_file():
        return _read_dataset(path)
    if (path / "qrels").is_dir():
        return _read_beir(path)
    if path.is_file():
        return _read_articles(path)
    raise UsageError(f"{path} holds no data of a known shape.", hint=_SHAPES)


# -- a dataset's folder ----------------------------------------------------------------


def _read_dataset(folder: Path) -> QuestionSet:
    builder = QuestionSetBuilder()
    parts: tuple[tuple[str, Split], ...] = ((TRAIN_FILE, "train"), (VALIDATION_FILE, "held-out"))
    for name, split in parts:
        if (folder / name).is_file():
            for sample in read_samples(folder / name):
                _take(builder, split, sample)
    return builder.result()


def _take(builder: QuestionSetBuilder, split: Split, sample: Sample) -> None:
    """Add a sample's passages, and its question if one passage is known to answer it."""
    passages = prompt_passages(sample) or []
    numbers = [builder.passage(Passage(p.text)) for p in passages]
    if sample.kind != "answer" or not sample.question:
        return
    oracle = sample.extra.get("oracle")
    if isinstance(oracle, int) and 1 <= oracle <= len(numbers):
        relevant = [numbers[oracle - 1]]
    else:
        holding = [n for n, p in zip(numbers, passages, strict=True) if _holds(p, sample)]
        relevant = holding if len(holding) == 1 else []
    builder.ask(split, Asked(sample.question, tuple(relevant), sample.answers))


def _holds(passage: PromptPassage, sample: Sample) -> bool:
    return any(one_line(answer) in passage.text for answer in sample.answers if answer.strip())


def prompt_passages(sample: Sample) -> list[PromptPassage] | None:
    """Return the passages of a sample's prompt; None if it is not of `build_messages`' making.

    A passage stands on one line below its header, so that the text can't be misread; that
    the passages found give the very same prompt again is checked all the same.
    """
    body = sample.prompt[-1].content if sample.prompt else ""
    found = []
    for block in body.split("\n\n"):
        header, _, text = block.partition("\n")
        match = _HEADER.fullmatch(header)
        if match and "\n" not in text:
            found.append(PromptPassage(match[2], int(match[3]), text))
    for style in ("system", "user-only"):
        if tuple(build_messages(sample.question, found, style)) == sample.prompt:
            return found
    return None


# -- SQuAD's shape ---------------------------------------------------------------------


def _read_articles(path: Path) -> QuestionSet:
    builder = QuestionSetBuilder()
    articles = read_squad(path)
    held_out = _held_out(article.name for article in articles)
    for article in articles:
        held = article.name in held_out
        for paragraph in article.paragraphs:
            number = builder.passage(Passage(one_line(paragraph.text)))
            for question in paragraph.questions:
                if question.spans:
                    asked = Asked(question.text, (number,), paragraph.answers(question))
                    builder.ask("held-out" if held else "train", asked)
    return builder.result()


def _held_out(names: Iterable[str]) -> frozenset[str]:
    """Choose a tenth of the names, at least one of two, by their hashes: always the same."""
    ordered = sorted(
        set(names), key=lambda n: hashlib.sha256(n.encode("utf-8", "replace")).digest()
    )
    return frozenset(ordered[: -(-len(ordered) // HELD_OUT)] if len(ordered) > 1 else ())


# -- BEIR's shape ----------------------------------------------------------------------


def _read_beir(folder: Path) -> QuestionSet:
    builder = QuestionSetBuilder()
    numbers = {
        entry["_id"]: builder.passage(Passage(one_line(entry["text"]), one_line(entry["title"])))
        for entry in _lines(folder, "corpus.jsonl", ("_id", "text", "title"))
    }
    asked = {e["_id"]: e["text"] for e in _lines(folder, "queries.jsonl", ("_id", "text"))}
    for name in ("train", "test"):
        path = folder / "qrels" / f"{name}.tsv"
        if not path.is_file():
            continue
        found = _relevant(path, asked, numbers)
        held_out = _held_out(found) if name == "train" else frozenset()
        for query, documents in found.items():
            split: Split = "test" if name == "test" else "train"
            if query in held_out:
                split = "held-out"
            builder.ask(split, Asked(one_line(asked[query]), tuple(numbers[d] for d in documents)))
    return builder.result()


def _relevant(path: Path, asked: Any, numbers: Any) -> dict[str, list[str]]:
    """Return the relevant documents of each query: lines `query <tab> document <tab> score`."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = csv.reader(read_text(path).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, start=1):
        if not row or (number == 1 and not row[-1].lstrip("-").isdigit()):
            continue
        if len(row) != 3 or not row[2].lstrip("-").isdigit():
            raise UsageError(f"{path}, line {number}: three columns are needed, with a number.")
        if row[0] not in asked or row[1] not in numbers:
            what = row[1] if row[0] in asked else row[0]
            raise UsageError(f"{path}, line {number}: {what[:60]!r} is in no file beside it.")
        if int(row[2]) > 0:
            found[row[0]].append(row[1])
    return found


def _lines(folder: Path, name: str, keys: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield the objects of a file of JSON lines (or its .gz), each key a text.

    A missing title is "".
    """
    path = folder / name if (folder / name).is_file() else folder / f"{name}.gz"
    number = 0
    try:
        with open_bytes(path) as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                entry = {"title": "", **json.loads(line)}
                yield {key: _text(entry[key], key) for key in keys}
    except (
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
        OSError,
        EOFError,
        zlib.error,
    ) as error:
        raise UsageError(f"{path}, line {number}: {type(error).__name__} {error}.") from error


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"'{key}' must be a text")
    return value
