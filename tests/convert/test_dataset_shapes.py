"""CUAD- and PubMedQA-shaped data, and questions made unanswerable by rules."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from convert.dataset.articles import Question, ShownText, quotable
from convert.dataset.cuad import LONGEST_PASSAGE, passages_of, read_cuad, rewordings
from convert.dataset.dataset_step import make_dataset
from convert.dataset.named_entities import by_kind, entities_of
from convert.dataset.prompt_blocks import passages_in
from convert.dataset.pubmedqa import read_pubmedqa
from convert.dataset.settings import DatasetSettings, GroupSettings, SourceSettings
from convert.dataset.squad import read_squad
from convert.dataset.unanswerable_questions import make_unanswerable
from tests.convert.dataset_data import towns, write_squad

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ASKED = 'Highlight the parts (if any) of this contract related to "{}". Details: {}'


def contract(number: int) -> dict[str, Any]:
    clauses = [
        f"{n}. Clause {n} of contract {number} binds the parties for matter M{number}x{n}. "
        f"The supplier keeps records of matter M{number}x{n} for {n + 2} years after delivery. "
        "Nothing in this clause limits the rights of the other party under the general law."
        for n in range(1, 15)
    ]
    law = f"This agreement is governed by the law of Land{number}"
    clauses[6] += f" {law}."
    text = "\n\n".join(clauses)
    qas = []
    for category, details, answer in (
        ("Governing Law", "Which state/country's law governs the interpretation?", law),
        ("Records", "How long are records kept?", f"for {number % 9 + 3} years"),
        ("Insurance", "Is there a requirement for insurance?", ""),
        ("Audit Rights", "Does a party have the right to audit?", ""),
    ):
        at = text.find(answer) if answer else -1
        spans = [{"text": answer, "answer_start": at}] if at >= 0 else []
        qas.append({"id": f"{number}-{category}", "question": ASKED.format(category, details),
                    "answers": spans, "is_impossible": not spans})  # fmt: skip
    return {"title": f"Contract {number}", "paragraphs": [{"context": text, "qas": qas}]}


def test_contracts_are_cut_as_the_laptop_cuts_and_keep_answers_whole(tmp_path: Path) -> None:
    path = tmp_path / "cuad.json"
    path.write_text(json.dumps({"data": [contract(n) for n in range(6)]}))
    articles = read_cuad(path)
    for article in articles:
        assert len(article.paragraphs) > 4
        assert {q.id.split("-")[1] for q in article.unanswered} == {"Insurance", "Audit Rights"}
        held = [q for p in article.paragraphs for q in p.questions if q.spans]
        assert len(held) == 2
    settings = DatasetSettings(
        (SourceSettings(path, "cuad", mixed=False),), validation_ratio=0.0, near_duplicate=1.0,
        groups=GroupSettings(passages=(0, 1), refusal_share=0.5),
    )  # fmt: skip
    train = make_dataset(settings)[1]["train"]
    assert Counter(s.extra["origin"] for s in train)["document"] > 3
    assert {s.kind for s in train} == {"answer", "refusal"}
    for sample in train:  # no passage of another contract, where the same question has an answer
        matters = {w[1] for p in passages_in(sample) for w in p.split() if w.startswith("M")}
        assert len(matters) <= 1
        if "law" in sample.question.lower() and sample.kind == "refusal":
            assert not any("governed by" in p for p in passages_in(sample))


def test_an_answer_over_a_break_joins_the_pieces() -> None:
    text = "\n\n".join(f"{n}. {'Word ' * 60}number {n} ends here." for n in range(8))
    plain = passages_of(text, [])
    cut = plain[2][0]
    joined = passages_of(text, [(cut - 20, cut + 20)])
    assert len(joined) == len(plain) - 1
    assert any(a <= cut - 20 and cut + 20 <= b <= a + LONGEST_PASSAGE for a, b in joined)


def test_cuads_questions_are_also_asked_as_people_ask() -> None:
    ways = rewordings(ASKED.format("Governing Law", "Which law governs the contract?"))
    assert "Which law governs the contract?" in ways
    assert "What does the contract say about Governing Law?" in ways
    assert rewordings("Who signs?") == ("Who signs?",)


def test_a_pubmed_answer_is_the_sentence_of_the_conclusion(tmp_path: Path) -> None:
    table = {
        str(n): {
            "QUESTION": f"Does drug{n} reduce pain after surgery?",
            "CONTEXTS": [f"We studied drug{n} in {n + 20} patients.", f"Pain fell by {n} points."],
            "LABELS": ["METHODS", "RESULTS"],
            "LONG_ANSWER": f"More work is needed. We found that drug{n} may reduce pain after "
            f"surgery. Costs of trial {n} were low.",
            "final_decision": "maybe",
        }
        for n in range(8)
    }
    path = tmp_path / "pubmed.json"
    path.write_text(json.dumps(table))
    articles = read_pubmedqa(path)
    (paragraph,) = articles[3].paragraphs
    assert paragraph.text.startswith("METHODS: We studied drug3")
    assert paragraph.answers(paragraph.questions[0]) == (
        "We found that drug3 may reduce pain after surgery.",
    )
    settings = DatasetSettings(
        (SourceSettings(path, "pubmedqa"),), validation_ratio=0.0, near_duplicate=1.0
    )
    for sample in make_dataset(settings)[1]["train"]:
        drug = sample.question.split()[1]
        shown = any(f"studied {drug} " in p for p in passages_in(sample))
        assert shown == (sample.kind == "answer")


def test_quotable_trims_and_refuses_what_would_break_a_quote() -> None:
    text = 'He said \u201cno\u201d to "the plan" and " " left.'

    def inside(part: str) -> str | None:
        at = text.index(part)
        span = quotable(text, (at, at + len(part)))
        return text[span[0] : span[1]] if span else None

    assert inside('"the plan"') == "the plan"
    assert inside(" to ") == "to"
    assert inside('no\u201d to "the') is None
    assert inside('" "') is None


def test_entities() -> None:
    text = "In 1815 Ada Byron moved to New York with 1,200 Italians. Later in March she left."
    found = [(e.text, e.kind) for e in entities_of(text)]
    assert ("1815", "year") in found
    assert ("1,200", "number of 4 digits") in found
    assert ("New York", "name of several words after to") in found
    assert ("Italians", "people, ians") in found
    assert ("March", "month") in found
    assert by_kind([text, "It was 1830."])["year"] == ["1815", "1830"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happened in 1815?", {"What happened in 1830?"}),
        ("Who was the first king?", {"Who was the last king?"}),
        ("When was the bridge used?", {"When was the bridge not used?"} | {None}),
        ("What is used in the mill?", {"What is not used in the mill?"}),
        ("Why did Rome fall early?", {"Why did Rome rise early?", "Why did Rome fall late?",
                                      "Why did Rome not fall early?"}),
        ("Who never slept?", {"Who always slept?"}),
        ("Who is Jim?", {None}),
    ],
)  # fmt: skip
def test_rules_make_a_question_unanswerable(question: str, expected: set[str | None]) -> None:
    shown = ShownText(["In 1815 the first king slept never; Rome did fall early."])
    original = Question("q", question, ((0, 3),))
    for seed in range(12):
        made = make_unanswerable(original, shown, {"year": ["1815", "1830"]}, random.Random(seed))
        assert (made.text if made else None) in expected
        assert made is None or (made.text != question and not made.spans)


def test_a_word_that_the_passages_hold_is_never_put_in() -> None:
    shown = ShownText(["The last king came in 1830."])
    original = Question("q", "Who was the first king in 1815?", ((0, 3),))
    for seed in range(12):
        made = make_unanswerable(original, shown, {"year": ["1830"]}, random.Random(seed))
        assert made is None


def test_synthetic_refusals_are_a_share(tmp_path: Path) -> None:
    path = write_squad(tmp_path / "a.json", [towns(t, 16) for t in ("Aa", "Bb")])
    table = json.loads(path.read_text())
    for article in table["data"]:
        for number, paragraph in enumerate(article["paragraphs"]):
            paragraph["qas"][0]["question"] += f" Was it the first one of {1600 + number}?"
    path.write_text(json.dumps(table))
    groups = GroupSettings(synthetic_share=1.0, refusal_share=0.4)
    settings = DatasetSettings(
        (SourceSettings(path, "squad"),), validation_ratio=0.0, groups=groups
    )
    train = make_dataset(settings)[1]["train"]
    origins = Counter(s.extra["origin"] for s in train)
    assert origins["synthetic"] > 10
    real = {q.text for a in read_squad(path) for p in a.paragraphs for q in p.questions}
    assert not any(s.question in real for s in train if s.extra["origin"] == "synthetic")


@pytest.mark.skipif(not (DATA / "ft").is_dir(), reason=f"no evaluation data at {DATA}")
def test_real_sets_convert() -> None:
    """A1 with its human unanswerable questions, nothing of A2, and the real PubMedQA."""
    sources = (
        SourceSettings(DATA / "ft" / "squad2_A1-refusal-train.json", "squad", "a1"),
        SourceSettings(DATA / "pubmedqa" / "train_500.json", "pubmedqa", "pubmed", limit=60),
    )
    settings = DatasetSettings(
        sources, validation_documents=("Yuan_dynasty",), validation_ratio=0.0,
        validation_limit=60, near_duplicate=1.0, never=(DATA / "ft" / "squad2_A2-dev-eval.json",),
    )  # fmt: skip
    manifest, splits = make_dataset(settings)
    assert manifest["validation_documents"] == ["Yuan_dynasty"]
    counts = manifest["counts"]["train"]
    assert counts["by_source"]["a1"] > 2500
    assert counts["samples"] / counts["groups"] > 8
    for sample in splits["train"]:
        if sample.kind == "answer":
            assert sample.answers[0] in passages_in(sample)[sample.extra["oracle"] - 1]
