"""The tools of the benches of checked answers: they must find what they are to find."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from assistant.types import Answer, Citation, Sentence, Timings
from tests.bench.logistic import auc, brier, calibration_error, fit, out_of_fold
from tests.bench.tampering import EXTRA, KINDS, TRUE, make, source_of
from tests.bench.verbatim import Count, look_up

PAGE = "The term is 24 months.\nIt\u2019s renewed by letter."
DOCUMENTS = {"a.txt": ["", PAGE]}
CITED = Citation(1, "a.txt", 2, 12, 21, "24 months")
SENTENCE = Sentence('It is "24 months".', True, (CITED,), "model")
ANSWER = Answer("?", "", False, (SENTENCE,), (), 0.9, Timings(1, 1, None, 1), "m")
FIRST = """
    Warsaw is the capital of Poland and has 1702139 people in all of its districts. The old town
    was destroyed in 1944 and it was rebuilt after the war by the citizens of Warsaw. Many of
    the parks in the centre were laid out in the 18th century by gardeners from Dresden.
    """
SECOND = """
    The river Vistula is the longest river of the country and it flows through Warsaw. Its
    source is on a mountain in the south near the town of Wisla in the Beskids.
    """
ELSEWHERE = """
    The engine of the pump was repaired by Siemens in the workshop of Hamburg last summer. A
    nurse of the Charite clinic in Berlin records every single discharge letter by hand.
    """
PARAGRAPHS = [" ".join(text.split()) for text in (FIRST, SECOND)]
STRANGE = [" ".join(ELSEWHERE.split())]


def counted(*sentences: Sentence) -> Count:
    count = Count()
    look_up(replace(ANSWER, sentences=sentences), DOCUMENTS, count)
    return count


def test_true_quotes_pass() -> None:
    words = "It\u2019s renewed by letter"
    at = PAGE.index(words)
    cited = Citation(1, "a.txt", 2, at, at + len(words), words)
    typographic = Sentence('"It\'s renewed by letter"', True, (cited,), "model")
    count = counted(SENTENCE, typographic)
    assert (count.quotes, count.fabricated) == (2, [])


@pytest.mark.parametrize(
    "sentence",
    [
        replace(SENTENCE, quotes=(replace(CITED, text="36 months"),)),
        replace(SENTENCE, quotes=(replace(CITED, page=1),)),
        replace(SENTENCE, quotes=(replace(CITED, page=3),)),
        replace(SENTENCE, quotes=(replace(CITED, document="b.txt"),)),
        replace(SENTENCE, quotes=(replace(CITED, start=11),)),
        replace(SENTENCE, quotes=()),
        replace(SENTENCE, text='It is "36 months".'),
        replace(SENTENCE, text='"The term is 36 months"'),
    ],
)
def test_a_quote_that_is_not_there_is_found(sentence: Sentence) -> None:
    assert counted(sentence).fabricated
    assert not counted(replace(sentence, supported=False)).fabricated


def test_every_kind_of_tampering_changes_what_is_said() -> None:
    rng = random.Random(1)
    source = source_of("What is the capital?", PARAGRAPHS, STRANGE, rng)
    assert source is not None
    for kind in (*KINDS, EXTRA, TRUE):
        made = [sample for _ in range(60) if (sample := make(source, kind, rng)) is not None]
        assert len({sample.how for sample in made}) > 1
        assert all(sample.kind == kind and sample.passages == source.passages for sample in made)
        if kind in ("negated", "numbers", EXTRA):
            assert all(sample.text not in PARAGRAPHS[0] for sample in made)


def test_logistic_regression_finds_the_line_and_unseen_groups_are_predicted() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 2))
    true = 1 / (1 + np.exp(-(0.5 + 2.0 * features[:, 0])))
    labels = (rng.random(4000) < true).astype(float)
    model = fit(features, labels)
    assert model.intercept == pytest.approx(0.5, abs=0.15)
    assert model.weights == pytest.approx((2.0, 0.0), abs=0.2)
    groups = [str(n % 20) for n in range(4000)]
    unseen = out_of_fold(features, labels, groups)
    assert auc(unseen, labels) > 0.8
    assert calibration_error(unseen, labels) < 0.03
    assert brier(unseen, labels) < 0.2
    assert auc(rng.random(4000), labels) == pytest.approx(0.5, abs=0.03)
