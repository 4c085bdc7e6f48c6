"""Scores are SQuAD's own, and a quote is what stands between the quotation marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.evaluation.answer_scores import (
    exact,
    f1,
    normalise,
    prediction_of,
    quote_of,
    task_score,
)
from assistant.prompts import REFUSAL, PromptPassage
from assistant.types import Place
from convert.evaluate.bootstrap import (
    GradedAnswer,
    bootstrap,
    changes,
    figures_of,
    grade_answer,
    speed_of,
)
from convert.evaluate.evaluation_items import Item
from tests.convert.evaluate_data import ITEM, graded_answer, reply


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Great, Sichuan earthquake!", "great sichuan earthquake"),
        ("A man and an ape", "man and ape"),
        ("theatre", "theatre"),
        ("1,500", "1500"),
        ("12.50 mg", "12\u00b75 mg"),
        ("\u221218", "\u221218"),
        ("U.S., 5.", "us 5"),
        ("section 3.5.2", "section 3\u00b75\u00b72"),
        ("the 1990s", "1990s"),
        ("B-12 and 3rd", "b 12 and 3rd"),
        ("the", ""),
    ],
)
def test_texts_are_normalised_as_by_the_official_script(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_f1_counts_shared_words_and_takes_the_best_answer() -> None:
    assert f1("the steam engine of Watt", ["steam engine"]) == pytest.approx(2 * 0.5 / 1.5)
    assert f1("steam engine", ["a steam engine", "boiler"]) == 1.0
    assert f1("steam steam", ["steam engine"]) == pytest.approx(0.5)
    assert f1("boiler", ["engine"]) == 0.0


def test_without_an_accepted_answer_only_an_empty_prediction_is_right() -> None:
    assert exact("", []) == 1.0
    assert f1("anything", []) == 0.0


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ('"in 1911"', "in 1911"),
        ("It was built \u201cin 1911\u201d, they say.", "in 1911"),
        ('"the "Big Bang" theory"', 'the "Big Bang" theory'),
        ('"first" and "second"', "first"),
        ('"cut off', None),
        ("no quote at all", None),
        ('""', None),
    ],
)
def test_the_quote_is_what_stands_between_the_marks(text: str, quote: str | None) -> None:
    assert quote_of(text) == quote


def test_a_model_that_forgets_the_marks_is_compared_with_all_that_it_wrote() -> None:
    assert prediction_of(" in 1911. ") == "in 1911."
    assert prediction_of(REFUSAL) == ""
    assert task_score("in 1911", ("1911",))[1] == pytest.approx(2 / 3)


def test_a_refusal_is_right_only_where_there_is_no_answer() -> None:
    assert task_score(REFUSAL, ("1911",)) == (0.0, 0.0)
    assert task_score(REFUSAL, ()) == (1.0, 1.0)
    assert task_score('"1911"', ()) == (0.0, 0.0)


def test_a_quote_is_checked_by_the_product_and_character_by_character() -> None:
    good = grade_answer(ITEM, reply('"built in 1911"'))
    assert (good.supported, good.verbatim, good.refused) == (True, True, False)
    assert (good.citations, good.citations_verbatim) == (1, 1)
    typographic = grade_answer(ITEM, reply('"built  in 1911."'))
    assert (typographic.supported, typographic.verbatim) == (True, False)
    assert typographic.citations_verbatim == 1  # what is shown is the document's own text
    part_of_a_number = grade_answer(ITEM, reply('"45"'))
    assert (part_of_a_number.supported, part_of_a_number.verbatim) == (False, True)
    assert part_of_a_number.citations == 0
    made_up = grade_answer(ITEM, reply('"in 1912"'))
    assert (made_up.supported, made_up.verbatim, made_up.citations) == (False, False, 0)


def quoted(text: str, item: Item, *starts: int) -> GradedAnswer:
    """Grade the engine's quote of the only passage of an item, at places."""
    found = tuple(Place(0, start, start + len(text)) for start in starts)
    return grade_answer(item, replace(reply(text), places=found))


def test_a_quote_of_the_engine_is_graded_at_its_place_and_not_by_its_marks() -> None:
    text = 'A pipe of 3" and 45 mm. The "Effective Date" is 5 May 1911.'
    item = replace(ITEM, passages=(PromptPassage("x", 1, text),))
    for words in ('"Effective Date" is 5 May', 'of 3" and', REFUSAL):
        whole = replace(item, passages=(PromptPassage("x", 1, f"{text} {REFUSAL}"),))
        judged = quoted(words, whole, whole.passages[0].text.index(words))
        assert (judged.refused, judged.quoted, judged.supported) == (False, True, True)
        assert (judged.verbatim, judged.citations, judged.citations_verbatim) == (True, 1, 1)
    inside, alone = text.index("5 mm"), text.index("5 May")
    assert not quoted("5", item, inside).supported  # cut out of 45
    assert quoted("5", item, inside, alone).supported


def test_what_is_not_verified_scores_nothing_as_shown() -> None:
    judged = grade_answer(ITEM, reply('"1911 by Cobb"'))
    assert judged.f1 > 0.0
    assert judged.f1_shown == 0.0


def test_the_answer_of_a_forced_model_is_kept_beside_its_refusal() -> None:
    judged = grade_answer(ITEM, reply(REFUSAL, margin=2.0, forced='"in 1911"'))
    assert (judged.refused, judged.f1, judged.f1_answered) == (True, 0.0, 1.0)


def test_an_answer_that_was_cut_away_is_noticed() -> None:
    cut = Item("q", ITEM.question, (PromptPassage("x", 1, "Nothing."),), ITEM.answers, "test")
    assert ITEM.answer_shown
    assert not cut.answer_shown


def test_figures_are_taken_over_the_right_items() -> None:
    judged = [
        graded_answer(1, answerable=True, f1=1.0),
        graded_answer(2, answerable=True, f1=0.5),
        graded_answer(3, answerable=False, f1=1.0),
        graded_answer(4, answerable=False, f1=0.0),
    ]
    found = figures_of(judged)
    assert found["f1"].value == 0.75
    assert found["f1"].count == 2
    assert found["refused"].value == 0.5
    assert found["squad2_f1"].value == pytest.approx(2.5 / 4)
    assert found["supported"].count == 3
    assert "refused" not in figures_of(judged[:2])


def test_an_interval_narrows_with_more_items_and_holds_the_mean() -> None:
    few, many = bootstrap([0.0, 1.0] * 10), bootstrap([0.0, 1.0] * 200)
    assert few is not None
    assert many is not None
    assert few.low < 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    # The normal approximation: 1.96 * 0.5 / sqrt(400).
    assert (many.high - many.low) / 2 == pytest.approx(0.049, abs=0.006)
    assert bootstrap([]) is None


def test_a_change_is_measured_item_by_item() -> None:
    before = [graded_answer(n, answerable=True, f1=n % 2 * 0.5) for n in range(40)]
    after = [graded_answer(n, answerable=True, f1=n % 2 * 0.5 + 0.1) for n in range(40)]
    change = changes(before, after)["f1"]
    assert change.value == pytest.approx(0.1)
    assert change.low == pytest.approx(0.1)
    with pytest.raises(ValueError, match="different items"):
        changes(before, after[1:])


def test_speed_leaves_out_what_was_not_measured() -> None:
    assert speed_of([]) == {}
    assert speed_of([reply("x")]) == {"prefill": 200.0, "generate": pytest.approx(30.0)}
