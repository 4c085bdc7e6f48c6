"""Made passages that say a thing in other words than the question."""

from __future__ import annotations

import random
import re

from convert.reader.attribute_statements import attribute_samples
from convert.reader.held_out_names import is_for_calibration

FILLERS = ("The river froze in 1740.", "A fair takes place in May.")


def test_every_answer_is_a_whole_value_of_its_passage() -> None:
    samples = attribute_samples(600, 0.4, random.Random(1), FILLERS)
    answered = [sample for sample in samples if sample.answer]
    assert 0.5 < len(answered) / len(samples) < 0.7
    for sample in answered:
        start, end = sample.answer or (0, 0)
        assert 0 <= start < end <= len(sample.passage)
        assert sample.passage[start:end].strip() == sample.passage[start:end]
        around = sample.passage[max(0, start - 1) : start] + sample.passage[end : end + 1]
        assert not re.search(r"\w", around), sample
    for sample in samples:
        assert not re.search(r"[{}]", sample.question + sample.passage), sample
        assert sample.question[0] != " "


def test_a_question_without_answer_is_for_what_is_not_told() -> None:
    """Where the passage gives the same kind of value for something else, it must not be taken."""
    samples = attribute_samples(400, 1.0, random.Random(2))
    without = [sample for sample in samples if sample.answer is None]
    assert len(without) > 380
    assert {sample.kind for sample in without} == {"attribute, unanswered"}


def test_words_of_question_and_statement_differ() -> None:
    """In most samples no word of more than four letters but the thing's name is in both."""
    samples = [s for s in attribute_samples(300, 0.0, random.Random(3)) if s.answer]
    shared = 0
    for sample in samples:
        start, end = sample.answer or (0, 0)
        begin = sample.passage.rfind(".", 0, start) + 1
        sentence = sample.passage[begin : sample.passage.find(".", end)]
        words = set(re.findall(r"[a-z]{5,}", sentence)) & set(
            re.findall(r"[a-z]{5,}", sample.question)
        )
        shared += len(words) > 1
    assert shared / len(samples) < 0.25


def test_held_out_attributes_are_never_learned() -> None:
    learned = {s.question for s in attribute_samples(4000, 0.0, random.Random(4))}
    asked = {s.question for s in attribute_samples(400, 0.0, random.Random(5), held_out=True)}
    general = {question for question in asked if question in learned}
    assert not general


def test_one_seed_makes_the_same_samples() -> None:
    one, two = (attribute_samples(50, 0.4, random.Random(6), FILLERS) for _ in range(2))
    assert one == two


def test_names_alone_decide_what_is_kept_for_calibration() -> None:
    kept = [name for name in (f"CONTRACT {n}" for n in range(1600)) if is_for_calibration(name)]
    assert 60 < len(kept) < 140
    assert all(is_for_calibration(name) for name in kept)
