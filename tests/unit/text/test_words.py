from __future__ import annotations

import pytest

from assistant.text.words import content_stems, coverage, idf_weights, stem, topic_words, words


@pytest.mark.parametrize(
    ("one", "other"),
    [("pumps", "pump"), ("changed", "changing"), ("charges", "charge"), ("policies", "policy"),
     ("stopped", "stop"), ("warranties", "warranty"), ("services", "service"),
     ("paid", "pay")],
)  # fmt: skip
def test_forms_of_one_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("sing", "s"), ("process", "proceed"), ("24", "2"), ("red", "r"), ("is", "i")],
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_words_are_lower_case_and_without_possessive() -> None:
    assert words("The Supplier\u2019s 24-month WARRANTY_x") == [
        "the",
        "supplier",
        "24",
        "month",
        "warranty",
        "x",
    ]
    assert content_stems("What is the warranty of the pumps?") == {"warranti", "pump"}


def test_rare_words_weigh_more_and_missing_ones_most() -> None:
    weights = idf_weights(100, {"common": 90, "rare": 2, "missing": 0, "the": 100})
    assert 0 < weights["common"] < weights["rare"] < weights["miss"]
    assert "the" not in weights


def test_coverage_is_the_weighted_share() -> None:
    assert coverage({"pump": 3.0, "oil": 1.0}, ["pump", "x"]) == 0.75
    assert coverage({}, ["pump"]) == 0.0


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("How long is the warranty?", "warranty"),
        ("When must invoices be paid?", "invoices paid"),
        ("What kind of oil?", "oil"),
        ("How long?", "How long?"),
    ],
)
def test_words_that_only_ask_are_left_out(question: str, topic: str) -> None:
    assert topic_words(question) == topic
