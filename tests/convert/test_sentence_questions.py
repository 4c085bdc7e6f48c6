"""Questions made by rule of sentences: what they ask, and that the answer stands where it says."""

from __future__ import annotations

import random

import pytest

from convert.dataset.articles import Article, Paragraph, Question
from convert.reader.contract_lookups import look_ups
from convert.reader.reading_samples import ReadingSample
from convert.reader.sentence_questions import base_verbs, sentence_questions

OTHER = "Visitors shall report to the gate by ringing the bell. Cars may be left in the yard."
VERBS = " ".join(
    f"They may {verb} it. They want to {verb} it." for verb in "keep share use deliver".split()
)


def made_of(sentence: str) -> dict[str, list[ReadingSample]]:
    article = Article("a", (Paragraph(sentence, 1), Paragraph(OTHER, 1), Paragraph(VERBS, 1)))
    found: dict[str, list[ReadingSample]] = {}
    for seed in range(8):
        for sample in sentence_questions([article], 60, 0.0, random.Random(seed)):
            if sample.passage == sentence:
                found.setdefault(sample.kind, []).append(sample)
    return found


def answers(samples: list[ReadingSample]) -> set[str]:
    return {s.passage[slice(*s.answer)] for s in samples if s.answer}


@pytest.mark.parametrize(
    ("sentence", "kind", "asked", "answer"),
    [
        (
            "The supplier shall deliver the pumps to the yard.",
            "who",
            "deliver the pumps",
            "The supplier",
        ),
        (
            "Either party may keep a copy by giving notice in writing.",
            "how",
            "How can either party keep a copy?",
            "by giving notice in writing",
        ),
        (
            "The supplier shall deliver the pumps on 3 May 2024.",
            "when",
            "When must the supplier deliver the pumps?",
            "3 May 2024",
        ),
        (
            '"Net Sales" means all sums that are paid for goods, less returns.',
            "definition",
            "Net Sales",
            "all sums that are paid for goods, less returns",
        ),
    ],
)
def test_a_sentence_is_asked_for_its_part(
    sentence: str, kind: str, asked: str, answer: str
) -> None:
    found = made_of(sentence)[kind]
    assert any(asked in sample.question for sample in found), found
    assert answers(found) == {answer}


@pytest.mark.parametrize(
    ("sentence", "asked"),
    [
        (
            "The clinic does not share patient data with third parties.",
            "Does the clinic share patient data",
        ),
        ("The clinic keeps all records of a patient.", "Does the clinic keep all records"),
        ("The clinic shared the records with a bank.", "Did the clinic share the records"),
        ("Members may use the yard, but not the crane.", "use the yard"),
    ],
)
def test_whether_something_is_so_is_answered_by_the_whole_sentence(
    sentence: str, asked: str
) -> None:
    found = made_of(sentence)["whether"]
    assert any(asked in sample.question for sample in found), found
    assert answers(found) <= {sentence, sentence.rstrip(".")}


def test_a_pronoun_is_nobody_to_ask_for() -> None:
    assert "who" not in made_of("They shall keep the records of each patient.")


def test_another_passage_has_no_answer() -> None:
    sentence = "The supplier shall deliver the pumps to the yard."
    article = Article("a", (Paragraph(sentence, 1), Paragraph(OTHER, 1), Paragraph(VERBS, 1)))
    found = sentence_questions([article], 20, 1.0, random.Random(1))
    assert found
    assert all(s.answer is None and s.kind == "sentence, unanswered" for s in found)


def test_verbs_are_those_that_stand_after_to_or_a_modal() -> None:
    verbs = base_verbs(iter([VERBS, "They may go to the left, to the right."]))
    assert verbs == {"keep", "share", "use", "deliver"}


def test_the_parties_are_one_stretch_with_all_names() -> None:
    text = "This agreement is made between Northern Pumps Ltd and the Clinic of Orrin, on 3 May."
    names = ("Northern Pumps Ltd", "Clinic of Orrin")
    spans = tuple((text.index(n), text.index(n) + len(n)) for n in names)
    asked = 'Highlight the parts related to "Parties" that should be reviewed.'
    contract = Article(
        "c", (Paragraph(text, 1, (Question("1", asked, spans),)), Paragraph(OTHER, 1))
    )
    found = [s for seed in range(5) for s in look_ups([contract], 9, 0.0, random.Random(seed))]
    assert "Northern Pumps Ltd and the Clinic of Orrin" in answers(found)
