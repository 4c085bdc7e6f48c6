"""Passages read one by one, in the whole course of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.answering.strategies.priors import log_priors
from assistant.errors import ContextOverflowError
from assistant.types import SEQUENCE, Hit, Scores, WeightedPassage, WeightedQuote, WeightedQuotes
from tests.fakes.engine import FakeChat
from tests.fakes.passages import make_passage as passage
from tests.unit.answering.strategies.sessions import (
    QUESTION,
    QUOTES_ONLY,
    TEXTS,
    finish,
    session,
    weighed,
    weighing,
    written,
)


def test_each_passage_has_a_prompt_of_its_own_and_a_weight() -> None:
    chat = weighing(weighed(("24 months", -0.5)))
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    (passages,) = chat.passages
    assert len(passages) == len(TEXTS)
    assert math.fsum(math.exp(r.weight) for r in passages) == pytest.approx(1.0)
    for shown in passages:
        assert shown.passage in shown.prompt
        assert sum(text in shown.prompt for text in TEXTS) == 1
    assert answer.strategy == SEQUENCE
    assert answer.route is not None
    assert written(answer) == ['"24 months"']


def test_passages_that_contradict_each_other_are_both_candidates() -> None:
    chat = weighing(weighed(("24 months", -0.7), ("36 months", -1.2)))
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    assert [c.text for c in answer.candidates] == ["24 months", "36 months"]
    assert [c.probability for c in answer.candidates] == pytest.approx(
        [math.exp(-0.7), math.exp(-1.2)]
    )
    for candidate in answer.candidates:
        (quote,) = candidate.quotes
        assert quote.text == candidate.text
        assert quote.document_id == answer.passages[candidate.place.passage].passage.document_id
    assert len({candidate.place.passage for candidate in answer.candidates}) == 2


def test_a_quote_is_cited_where_it_was_read_and_not_where_it_stands_first() -> None:
    texts = ("In 1999 the oil of the pump was black.", "The oil of the pump is changed in 1999.")
    chat = FakeChat(calibration=QUOTES_ONLY)
    asked = session(chat, texts)
    question = "When is the oil of the pump changed?"
    list(asked.ask(question, strategy=SEQUENCE))
    order = [passage.passage for passage in chat.passages[-1]]
    for number, shown in enumerate(order):
        chat.weighed = WeightedQuotes((WeightedQuote("1999", -0.2, number, 2, ()),), -0.1, -4.0)
        answer, _ = finish(asked.ask(question, strategy=SEQUENCE))
        (cited,) = answer.sentences[-1].quotes
        assert cited.document == f"contract{texts.index(shown)}.txt"


def test_what_is_cut_out_of_a_number_is_no_candidate() -> None:
    texts = ("Clause 7.6: the warranty on the pumps lasts 24 months.",)
    whole, cut = WeightedQuote("24 months", -0.7, 0, 2, ()), WeightedQuote("6", -1.2, 0, 1, ())
    for found in ((whole, cut), (replace(cut, log_probability=-0.6), whole)):
        chat = weighing(WeightedQuotes(found, -0.1, -5.0))
        answer, _ = finish(session(chat, texts).ask(QUESTION, strategy=SEQUENCE))
        assert written(answer) == [f'"{found[0].text}"']
        assert answer.sentences[-1].supported is (found[0] is whole)
        assert [candidate.text for candidate in answer.candidates] == ["24 months"]


def test_doubt_makes_it_refuse_by_a_threshold_of_its_own() -> None:
    found = weighed(("24 months", -0.7), refusal=-1.1)
    for threshold, refused in ((-0.5, False), (-1.5, True)):
        chat = weighing(found, side_by_side_threshold=threshold)
        answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
        assert answer.abstained is refused
        assert bool(written(answer)) is not refused
        assert answer.candidates  # what was withheld is there to be seen


def test_nothing_to_quote_is_a_refusal() -> None:
    answer, _ = finish(session(weighing(weighed())).ask(QUESTION, strategy=SEQUENCE))
    assert answer.abstained


class Narrow(FakeChat):
    """Has room for two passages side by side."""

    def weigh(self, passages: Sequence[WeightedPassage], *rest: Any, **how: Any) -> WeightedQuotes:
        found = super().weigh(passages, *rest, **how)
        if len(passages) > 2:
            raise ContextOverflowError("too many")
        return found


def test_passages_that_do_not_fit_side_by_side_are_left_out() -> None:
    chat = Narrow(weighed=weighed(("24 months", -0.5)), calibration=QUOTES_ONLY)
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    assert [len(passages) for passages in chat.passages] == [3, 2]
    assert written(answer) == ['"24 months"']


def test_a_cut_off_quote_is_called_cut_off() -> None:
    text = WeightedQuote("24", -0.2, 0, 1, (), complete=False)
    answer, _ = finish(
        session(weighing(WeightedQuotes((text,), -0.1, -5.0))).ask(QUESTION, strategy=SEQUENCE)
    )
    assert answer.truncated


def test_priors_add_up_to_one_and_prefer_the_better_hit() -> None:
    hits = [
        Hit(passage(TEXTS[0]), Scores(0.3, 0.8, 1, 9.0, 1)),
        Hit(passage(TEXTS[1]), Scores(0.2, 0.4, 2, 3.0, 2)),
        Hit(passage(TEXTS[2]), Scores(0.1)),
    ]
    priors = log_priors(hits)
    assert math.fsum(map(math.exp, priors)) == pytest.approx(1.0)
    assert priors == sorted(priors, reverse=True)
    assert log_priors([]) == []
