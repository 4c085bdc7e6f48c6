"""Made tables and letters: the answer is a whole cell or line, and none where it is not there."""

from __future__ import annotations

import random
from collections import Counter

from convert.reader.letter_questions import letter_samples
from convert.reader.table_questions import table_samples

FILLERS = ("The survey began in spring.", "Nobody had asked before.")


def test_the_answer_is_a_cell_of_the_row_that_is_asked_for() -> None:
    samples = table_samples(600, 0.4, random.Random(1), FILLERS)
    kinds = Counter(sample.kind for sample in samples)
    assert 180 < kinds["table, unanswered"] < 300
    for sample in samples:
        if sample.answer is None:
            continue
        start, end = sample.answer
        cell = sample.passage[start:end]
        assert cell == cell.strip()
        assert cell
        row = next(line for line in sample.passage.split("\n") if cell in line)
        assert row
        assert sample.passage[end : end + 2] in ("", " |") or sample.passage[end] in " \n"


def test_a_row_or_a_column_that_is_asked_for_in_vain_is_not_there() -> None:
    for sample in table_samples(300, 1.0, random.Random(2)):
        assert sample.answer is None
        assert sample.kind == "table, unanswered"


def test_tables_that_are_held_out_are_never_learned() -> None:
    learned = " ".join(s.question for s in table_samples(4000, 0.0, random.Random(3)))
    asked = [s.question for s in table_samples(300, 0.0, random.Random(4), held_out=True)]
    own = [q for q in asked if q.startswith(("What does code", "What causes", "How can I call"))]
    assert own
    assert not any(question in learned for question in own)


def test_all_ways_of_writing_a_table_occur() -> None:
    samples = table_samples(400, 0.0, random.Random(5))
    passages = [sample.passage for sample in samples]
    assert any("| --- |" in text for text in passages)
    assert any(": " in text and " | " in text and "---" not in text for text in passages)
    assert any("|" not in text for text in passages)


def test_letters_say_who_when_and_what() -> None:
    samples = letter_samples(600, 0.3, random.Random(6), FILLERS)
    assert 120 < sum(sample.answer is None for sample in samples) < 240
    for sample in samples:
        if sample.answer is not None:
            start, end = sample.answer
            assert sample.passage[end : end + 1] == "\n"
            assert sample.passage[start:end].strip() == sample.passage[start:end]
