"""What the comparison of quantizations does with its questions and answers."""

from __future__ import annotations

import pytest

from tests.bench.bench_quantized import Task, figures_of, resampled, tasks
from tests.bench.qa_data import Asked, Squad, Text

FOUND = Squad(
    [Text(f"{title} {n}.txt", "", f"{title} {n}") for title in ("A", "B") for n in range(1, 6)],
    [Asked(f"q{n}", ("yes",), (0,), n % 10) for n in range(20)] + [Asked("none?", (), (), 3)],
)


def test_more_paragraphs_begin_with_the_same_ones() -> None:
    few, many = tasks(FOUND, 3), tasks(FOUND, 10)
    assert many[:3] == few
    assert sorted(task.number for task in many) == list(range(10))
    assert all(question.answers for task in many for question in task.questions)


def test_the_gold_paragraph_stands_among_others_of_its_article() -> None:
    for task in tasks(FOUND, 10):
        texts = [passage.text for passage in task.passages]
        assert FOUND.paragraphs[task.number].text in texts
        assert len(set(texts)) == 4
        assert len({text[0] for text in texts}) == 1


def test_what_is_lost_is_told_question_by_question() -> None:
    chosen = [Task(n, (), tuple(FOUND.asked[:2])) for n in range(4)]
    first = {f"{n}/{at}": 1.0 for n in range(4) for at in range(2)}
    other = first | {"0/0": 0.0}
    del first["3/1"], other["3/1"]  # did not fit the context
    figures = {f.name: f for f in figures_of({"m-F16": first, "m-Q8_0": other}, chosen)}
    lost = figures["m-Q8_0: F1 lost"]
    assert lost.value == pytest.approx(100 / 7)
    assert lost.met is False
    assert "1 of 7 answers" in lost.note


def test_an_interval_holds_its_mean_and_is_a_point_where_all_are_equal() -> None:
    assert resampled([[2.0, 2.0], [2.0]]) == (2.0, 2.0)
    low, high = resampled([[0.0], [10.0], [0.0], [0.0]])
    assert low <= 2.5 <= high
    assert low < high
