"""Items: hard negatives by the product's embedder, windows as served, samples read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder
from assistant.errors import UsageError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import Embedder, Message
from convert.atomic_output import Job
from convert.dataset.held_out_split import held_out
from convert.evaluate.answer_journal import Journal
from convert.evaluate.ask_engine import messages_for
from convert.evaluate.evaluation_items import (
    balanced,
    item_of_sample,
    items_of_samples,
    items_sha256,
    pick,
)
from convert.evaluate.item_builder import Asked, served_items, whole_items
from convert.evaluate.paragraph_pool import Paragraph, Pool
from convert.evaluate.public_sets import cuad_questions, pubmedqa_questions, squad_questions
from convert.evaluate.question_sets import build_sets, examples
from convert.evaluate.settings import EvaluateSettings
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Kind, Sample, write_samples
from tests.convert.evaluate_data import BRIDGE, ITEM, PUMP, reply, write_squad
from tests.fakes.engine import FakeChat


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder(Settings(data_dir=Path(), threads=1))


def sample(number: int, kind: Kind = "answer", passages: Sequence[PromptPassage] = ()) -> Sample:
    shown = passages or ITEM.passages
    said = '"1911"' if kind == "answer" else REFUSAL
    prompt = [*build_messages(ITEM.question, shown), Message("assistant", said)]
    answers = ("1911",) if kind == "answer" else ()
    return Sample(
        str(number), "d", tuple(prompt), kind=kind, question=ITEM.question, answers=answers
    )


def test_questions_of_a_squad_file_keep_all_their_answers(tmp_path: Path) -> None:
    asked = squad_questions(write_squad(tmp_path))
    assert [(q.id, q.answers, q.gold) for q in asked.questions] == [
        ("p1", ("1911",), 0),
        ("p2", (), 0),
        ("m1", ("rye and barley",), 1),
        ("m2", (), 1),
        ("b1", ("three",), 2),
        ("w2", (), 3),
    ]
    assert [p.document for p in asked.paragraphs] == ["The mills"] * 2 + ["The river"] * 2


@pytest.mark.parametrize("text", ["[]", '{"data": [{"title": "x"}]}', "{", '{"data": 3}'])
def test_what_is_no_squad_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad\.json"):
        squad_questions(path)


def test_negatives_are_the_paragraphs_most_like_the_question(
    tmp_path: Path, embedder: Embedder
) -> None:
    asked = squad_questions(write_squad(tmp_path))
    pool = Pool(asked.paragraphs, embedder)
    question = "How often is the oil in the bearings changed?"
    assert pool.ranked(question, 2, 2, "all", "The river") == [0, 2]
    assert pool.ranked(question, 0, 1, "all", "The mills") == [0]
    assert set(pool.ranked(question, 2, 4, "inside", "The river")) == {2, 3}
    assert set(pool.ranked(question, None, 4, "outside", "The river")) == {0, 1}


def test_a_copy_of_the_gold_paragraph_is_no_negative(embedder: Embedder) -> None:
    twice = [Paragraph("a", 1, PUMP), Paragraph("b", 1, PUMP), Paragraph("c", 1, BRIDGE)]
    assert set(Pool(twice, embedder).ranked("the pump", 0, 3, "all", "a")) == {0, 2}


def test_the_gold_paragraph_stands_anywhere_and_always_at_the_same_place(
    embedder: Embedder,
) -> None:
    texts = [f"{PUMP} It has number {n}." for n in range(4)]
    pool = Pool([Paragraph("d", n + 1, text) for n, text in enumerate(texts)], embedder)
    questions = [Asked(str(n), "When was the pump built?", ("1911",), 0, "d") for n in range(24)]
    items = whole_items(questions, pool, negatives=3, seed=1, source="s")
    again = whole_items(questions, pool, negatives=3, seed=1, source="s")
    assert items_sha256(items) == items_sha256(again)
    assert {[p.page for p in item.passages].index(1) for item in items} == {0, 1, 2, 3}
    assert all(len(item.passages) == 4 for item in items)


def test_served_passages_are_windows_of_sentences_within_the_budget(
    tmp_path: Path, embedder: Embedder
) -> None:
    asked = squad_questions(write_squad(tmp_path))
    settings = Settings(data_dir=tmp_path, prompt_passage_tokens=40)
    pool = Pool(asked.paragraphs, embedder)
    items = served_items(asked.questions, pool, FakeChat(), settings, source="s")
    for item in items:
        assert 1 <= len(item.passages) <= 3
        assert sum(len(p.text.split()) for p in item.passages) <= 40
        whole = " ".join(p.text for p in asked.paragraphs)
        assert all(p.text in whole and p.text.endswith(".") for p in item.passages)
    assert items[0].answer_shown


def test_clauses_are_looked_for_in_their_own_contract(tmp_path: Path) -> None:
    text = f"SUPPLY AGREEMENT. {PUMP} This agreement is governed by the law of Norway. {BRIDGE}"
    ask = 'Highlight the parts (if any) of this contract related to "{}". Details: {}'
    law, audit = "Which law governs the contract?", "Is there a right to audit?"
    given = [{"text": "the law of Norway", "answer_start": text.index("the law of Norway")}]
    table = {
        "data": [
            {
                "title": "Supply",
                "paragraphs": [
                    {
                        "context": text,
                        "qas": [
                            {"id": "l", "question": ask.format("Law", law), "answers": given},
                            {"id": "a", "question": ask.format("Audit", audit), "answers": []},
                        ],
                    }
                ],
            }
        ]
    }
    path = tmp_path / "cuad.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    found = cuad_questions(path).questions
    assert [(q.question, q.answers, q.scope) for q in found] == [
        (law, ("the law of Norway",), "inside"),
        (audit, (), "inside"),
    ]
    assert found[1].gold is None


def abstracts(folder: Path) -> Path:
    table = {
        str(number): {
            "QUESTION": f"Does treatment {number} help?",
            "CONTEXTS": [PUMP],
            "LABELS": ["BACKGROUND"],
            "LONG_ANSWER": f"Treatment {number} does help most of the patients.",
        }
        for number in range(40)
    }
    path = folder / "abstracts.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    return path


def test_an_abstracts_conclusion_answers_and_without_it_nothing_does(tmp_path: Path) -> None:
    asked = pubmedqa_questions(abstracts(tmp_path))
    assert len(asked.questions) == 40
    for question in asked.questions:
        number = int(question.document.split()[1])
        if number % 2:
            assert (question.answers, question.gold, question.scope) == ((), None, "outside")
        else:
            assert question.answers == (f"Treatment {number} does help most of the patients.",)


def test_nothing_is_asked_about_a_document_that_was_trained_on(
    tmp_path: Path, embedder: Embedder
) -> None:
    settings = EvaluateSettings(pubmedqa=str(abstracts(tmp_path)), ways=("whole",))
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    trained = [replace(sample(n), document=f"pubmedqa/PMID {n}") for n in range(10, 40)]
    write_samples(dataset / TRAIN_FILE, trained)
    write_samples(dataset / VALIDATION_FILE, [sample(1)])
    served = Settings(data_dir=tmp_path)
    pubmed, validation = build_sets(settings, served, dataset, embedder, FakeChat(), Job())
    assert {item.id for item in pubmed.items} == set(map(str, range(10)))
    assert validation.name == "validation"
    (alone,) = build_sets(settings, served, None, embedder, FakeChat(), Job())
    names = {f"PMID {n}" for n in range(40)}
    assert {f"PMID {item.id}" for item in alone.items} == held_out(names, 0.15, 1)


def test_samples_of_a_dataset_become_items(tmp_path: Path) -> None:
    path = tmp_path / "validation.jsonl"
    chat = Sample("c", "d", (Message("user", "Hello"), Message("assistant", "Hi")))
    write_samples(path, [sample(1), sample(2, "refusal"), chat])
    first, second = items_of_samples(path, "validation")
    assert messages_for(first) == list(sample(1).prompt)
    assert (first.answers, second.answers) == (("1911",), ())
    assert first.passages == ITEM.passages
    assert len(balanced([first, second, first], 1, 0)) == 2


def test_a_sample_of_another_prompt_is_refused() -> None:
    changed = [Message(m.role, m.content.replace("briefly", "shortly")) for m in sample(1).messages]
    old = Sample("7", "d", tuple(changed), "answer", question=ITEM.question, answers=("1911",))
    with pytest.raises(UsageError, match="Sample 7 was not made with this version's prompts"):
        item_of_sample(old, "validation")


def test_more_questions_are_the_same_and_others() -> None:
    numbers = list(range(100))
    assert pick(numbers, 40, 3)[:10] == pick(numbers, 10, 3)
    assert pick(numbers, 10, 3) != pick(numbers, 10, 4)
    assert sorted(pick(numbers, 0, 3)) == numbers


def test_examples_are_turns_of_training_samples(tmp_path: Path) -> None:
    long = (PromptPassage("d", 1, PUMP * 20),)
    samples = [sample(n, "refusal" if n % 3 == 0 else "answer") for n in range(12)]
    write_samples(tmp_path / TRAIN_FILE, [*samples, sample(99, "answer", long)])
    turns = examples(tmp_path, 5, seed=0)
    assert [m.role for m in turns] == ["user", "assistant"] * 5
    assert sum(m.content == REFUSAL for m in turns) == 2
    messages = messages_for(ITEM, turns)
    assert (messages[0].role, messages[1:11], messages[-1].role) == ("system", list(turns), "user")
    assert len(examples(tmp_path, 16, seed=0)) == 2 * 12
    write_samples(tmp_path / TRAIN_FILE, [])
    assert examples(tmp_path, 5, seed=0) == ()


def test_answers_outlive_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"model": "a"})
    journal.add(reply('"1911"'))
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"item": "cut o')
    again = Journal(tmp_path, {"model": "a"})
    assert list(again.replies) == [ITEM.key]
    again.add(reply('"1912"'))
    assert Journal(tmp_path, {"model": "a"}).replies[ITEM.key].text == '"1912"'
    assert Journal(tmp_path, {"model": "b"}).replies == {}
