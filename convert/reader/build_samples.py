"""Make the samples that a reader learns from out of public sets, by the settings."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Article
from convert.dataset.cuad import read_cuad
from convert.dataset.data_files import open_bytes, require_path
from convert.dataset.pubmedqa import read_pubmedqa
from convert.dataset.squad import read_squad
from convert.reader.attribute_statements import attribute_samples
from convert.reader.code_tables import code_samples
from convert.reader.contract_lookups import look_ups
from convert.reader.contract_questions import absent_clauses, clauses
from convert.reader.feedback_questions import feedback_samples
from convert.reader.held_out_names import is_for_calibration, without
from convert.reader.letter_questions import letter_samples
from convert.reader.medical_questions import medical
from convert.reader.question_answers import (
    answerable,
    changed_numbers,
    changed_questions,
    near_passages,
    unanswerable,
    written_unanswerable,
)
from convert.reader.reading_samples import ReadingSample, asked_otherwise, cropped, drawn
from convert.reader.sentence_questions import sentence_questions
from convert.reader.settings import ReaderData, ReaderSettings
from convert.reader.statement_questions import yes_no
from convert.reader.table_questions import table_samples

_WITHOUT = 0.4
"""Share of the medical, yes/no, look-up and code samples that have no answer."""

_LETTERS_WITHOUT = 0.3
_LONGEST_FILLER = 220
"""Characters of a sentence that stands between made ones."""


def build_samples(settings: ReaderSettings) -> list[ReadingSample]:
    """Return all samples, shuffled, cut and asked in several ways; the same for one seed.

    Raises `UsageError` for a file that can't be read.
    """
    rng = random.Random(settings.seed)  # noqa: S311 - no secret
    data = settings.data
    samples = [*_of_articles(data, rng), *_of_others(data, rng)]
    rng.shuffle(samples)
    return [
        _finished(cropped(sample, rng) if rng.random() < settings.cropped else sample, rng)
        for sample in samples
    ]


def kinds_of(samples: Sequence[ReadingSample]) -> dict[str, int]:
    """Return how many samples there are of each kind."""
    return dict(sorted(Counter(sample.kind for sample in samples).items()))


def development_names(data: ReaderData) -> frozenset[str]:
    """Return the titles of the articles that the development file names."""
    if data.development is None:
        return frozenset()
    with open_bytes(data.development) as file:
        return frozenset(str(json.loads(line)["title"]) for line in file)


def _of_articles(data: ReaderData, rng: random.Random) -> list[ReadingSample]:
    names = development_names(data)
    articles: list[Article] = [a for path in data.squad for a in without(_read(path), names)]
    if not articles:
        return []
    found = drawn(answerable(articles, "answerable"), data.answerable, rng)
    written = unanswerable(articles, "written unanswerable")
    if data.unanswerable is not None:
        written += written_unanswerable(data.unanswerable, articles)
    found += drawn(written, data.written, rng)
    found += near_passages(articles, data.near, rng)
    found += changed_questions(articles, data.changed, rng)
    found += changed_numbers(articles, data.numbers, rng)
    found += sentence_questions(articles, data.sentences // 2, _WITHOUT, rng)
    fillers = _sentences(articles, rng)
    found += attribute_samples(data.attributes, _WITHOUT, rng, fillers)
    found += table_samples(data.tables, _WITHOUT, rng, fillers)
    found += letter_samples(data.letters, _LETTERS_WITHOUT, rng, fillers)
    return found + yes_no(articles, data.yes_no, _WITHOUT, rng)


def _sentences(articles: Sequence[Article], rng: random.Random) -> list[str]:
    """Return short sentences of some paragraphs, to stand between made ones."""
    texts = [p.text for a in articles for p in rng.sample(a.paragraphs, min(4, len(a.paragraphs)))]
    found = (text[a:b] for text in texts for a, b in split_sentences(text))
    return [sentence for sentence in found if len(sentence) < _LONGEST_FILLER]


def _of_others(data: ReaderData, rng: random.Random) -> list[ReadingSample]:
    found = code_samples(data.codes, _WITHOUT, rng)
    read = [contract for path in data.cuad for contract in read_cuad(path)]
    contracts = [contract for contract in read if not is_for_calibration(contract.name)]
    if contracts:
        found += clauses(contracts, data.clauses, rng)
        found += absent_clauses(contracts, data.absent, rng)
        found += sentence_questions(contracts, data.sentences // 2, _WITHOUT, rng)
        found += look_ups(contracts, data.look_ups, _WITHOUT, rng)
    if data.medquad is not None:
        found += medical(data.medquad, data.medical, _WITHOUT, rng)
    if data.pubmedqa is not None:
        found += answerable(read_pubmedqa(data.pubmedqa), "yes/no, medical")
    corrected = [sample for path in data.feedback for sample in feedback_samples(path)]
    return found + corrected * data.feedback_repeats


def _read(path: Path) -> list[Article]:
    require_path(path)
    return read_squad(path)


def _finished(sample: ReadingSample, rng: random.Random) -> ReadingSample:
    question = asked_otherwise(sample.question, rng)
    return ReadingSample(sample.kind, question, sample.passage, sample.answer, sample.near)
