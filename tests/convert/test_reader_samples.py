"""What a reader learns from: every answer is a span of its passage, nothing held out is in it."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from assistant.engine.embedder import load_tokenizer
from assistant.engine.reader_windows import WindowMaker, tokenize
from assistant.errors import UsageError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from convert.dataset.articles import Article, Paragraph, Question
from convert.dataset.squad import read_squad
from convert.reader.build_samples import build_samples, kinds_of
from convert.reader.code_tables import code_samples, facts
from convert.reader.medical_questions import medical
from convert.reader.number_changes import other_code, other_number
from convert.reader.question_answers import changed_numbers, near_passages, written_unanswerable
from convert.reader.reading_samples import ReadingSample, asked_otherwise, cropped
from convert.reader.settings import ReaderData, ReaderSettings
from convert.reader.statement_questions import yes_no
from convert.reader.training_batches import batches, encode_samples, padded
from tests.convert.reading_material import write_houses, write_written
from tests.convert.retrieval_material import write_json

RNG = random.Random(3)


def answer_of(sample: ReadingSample) -> str:
    assert sample.answer is not None
    return sample.passage[slice(*sample.answer)]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_houses(tmp_path_factory.mktemp("squad") / "houses.json")


def test_what_is_held_out_by_name_is_never_learned(houses: Path, tmp_path: Path) -> None:
    table = json.loads(houses.read_text("utf-8"))
    secret = {"Normans": "whale", "Chloroplast": "shark", "Yuan_dynasty": "squid", "Mine": "crab"}
    for name, word in secret.items():
        text = f"The {word} lives in house 5."
        qas = [{"id": name, "question": f"Where is the {word}?",
                "answers": [{"text": "house 5", "answer_start": text.index("house")}]}]  # fmt: skip
        table["data"].append({"title": name, "paragraphs": [{"context": text, "qas": qas}]})
    squad = tmp_path / "more.json"
    write_json(squad, table)
    mine = tmp_path / "development.jsonl"
    mine.write_text('{"title": "Mine"}\n', encoding="utf-8")
    written = write_written(
        tmp_path / "written.jsonl.gz",
        [{"title": name, "paragraph": 0, "question": f"who ate the {word}", "answerable_id": name}
         for name, word in [*secret.items(), ("Street_1", "hedgehog")]],
    )  # fmt: skip
    data = ReaderData(
        squad=(squad,), unanswerable=written, development=mine, attributes=0, tables=0, letters=0
    )
    samples = build_samples(ReaderSettings(data=data))
    told = " ".join(f"{s.question} {s.passage}" for s in samples).lower()
    assert not [word for word in secret.values() if word in told]
    assert any("who ate the hedgehog" in s.question.lower() for s in samples)


def test_all_kinds_have_their_answers_in_the_passage(houses: Path) -> None:
    settings = ReaderSettings(data=ReaderData(squad=(houses,), near=20, codes=60), cropped=0.7)
    samples = build_samples(settings)
    assert build_samples(settings) == samples
    assert build_samples(ReaderSettings(data=settings.data, seed=1)) != samples
    kinds = kinds_of(samples)
    assert kinds["answerable"] == 48
    assert kinds["written unanswerable"] == 48
    assert kinds["near passage"] == 20
    for sample in samples:
        if sample.kind == "answerable":
            assert answer_of(sample).startswith("house ")
            asked = sample.question.lower().rstrip("?").split(" is the ")[-1]
            before = sample.passage[: sample.answer[0]] if sample.answer else ""
            assert before.lower().endswith(f"{asked} lives in ")
        if "unanswer" in sample.kind or sample.kind.startswith(("near", "changed")):
            assert sample.answer is None


def test_passages_with_and_without_answer_are_cut_alike() -> None:
    text = " ".join(f"Sentence number {n} speaks of the pump in room {n}." for n in range(30))
    at = text.index("room 17")
    with_answer = ReadingSample("a", "Which room?", text, (at, at + 7), at)
    lengths = []
    for sample in (with_answer, ReadingSample("b", "Which hall?", text, None, at)):
        cut = [cropped(sample, random.Random(n)) for n in range(200)]
        assert all("number 17 speaks" in one.passage for one in cut)
        assert all(one.passage.startswith("Sentence") and one.passage.endswith(".") for one in cut)
        assert all(answer_of(one) == "room 17" for one in cut if one.answer)
        lengths.append(sum(len(one.passage) for one in cut) / len(cut))
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)
    assert lengths[0] < len(text) / 2


def test_a_question_is_asked_in_several_ways() -> None:
    ways = {asked_otherwise("Where is  Part AX-4417/A?", random.Random(n)) for n in range(60)}
    assert ways == {"Where is Part AX-4417/A?", "Where is Part AX-4417/A",
                    "where is part ax-4417/a?", "where is part ax-4417/a"}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("What is the torque of AX-4417/A?", "The torque of AX-4417/A is 12 Nm."),
        ("Who got 1,240 ropes?", "The depot in Kiel got 1,240 ropes."),
        ("What happened on 3 May 2024?", "On 3 May 2024 the pump failed."),
        ("What does section 12(3) say?", "Under section 12(3) notice is given."),
    ],
)
def test_a_changed_number_is_new_to_the_passage(question: str, passage: str) -> None:
    found = {other_number(question, passage, random.Random(n)) for n in range(40)} - {None}
    assert len(found) >= 3
    for changed in found:
        assert changed is not None
        words = set(changed.rstrip("?").split()) - set(question.rstrip("?").split())
        assert len(words) == 1
        assert words.isdisjoint(passage.rstrip(".").split())


def test_no_number_is_changed_that_the_passage_lacks() -> None:
    assert other_number("What happened in 1999?", "In 2004 the pump failed.", RNG) is None
    assert other_number("What happened?", "In 2004 the pump failed.", RNG) is None
    assert all(other_code("12.5", random.Random(n)) != "12.5" for n in range(50))


def test_codes_tell_what_the_passage_says_and_lack_what_it_does_not() -> None:
    samples = code_samples(300, 0.5, random.Random(1))
    assert 100 < sum(s.answer is None for s in samples) < 200
    ways = [
        re.escape(way).replace(r"\{\}", "(.+)") for _, _, all_ways in facts() for way in all_ways
    ]
    for sample in samples:
        assert "{" not in sample.question + sample.passage
        codes = {m[1] for way in ways if (m := re.fullmatch(way, sample.question))}
        assert codes
        named = [c for c in codes if re.search(rf"{re.escape(c)}(?!\w)", sample.passage)]
        assert bool(named) == (sample.answer is not None)
        if sample.answer:
            assert 2 <= len(answer_of(sample)) < 30


def test_a_near_passage_does_not_hold_the_answer(houses: Path) -> None:
    articles = read_squad(houses)
    answers = {(q.text, answer) for a in articles for p in a.paragraphs for q in p.questions
               for answer in p.answers(q)}  # fmt: skip
    samples = near_passages(articles, 20, random.Random(2))
    assert len(samples) == 20
    for sample in samples:
        own = [answer for question, answer in answers if question == sample.question]
        assert sample.answer is None
        assert any(not re.search(rf"{answer}\b", sample.passage) for answer in own)


def test_statements_become_questions_that_they_decide() -> None:
    texts = [
        "The pump was installed in 1998. It is red.",
        "In 1999 a fire broke out. The old station must be closed before the winter of 2001.",
        "They are here.",
    ]
    paragraphs = tuple(Paragraph(text, 1) for text in texts)
    article = Article("Pumps", paragraphs)
    asked = {(s.question, answer_of(s)) for n in range(20)
             for s in yes_no([article], 9, 0.0, random.Random(n))}  # fmt: skip
    assert ("Was the pump installed in 1998?", texts[0][:31]) in asked
    place = "The old station must be closed before the winter of 2001."
    assert ("Must the old station be closed before the winter of 2001?", place) in asked
    assert {answer for _, answer in asked} == {texts[0][:31], place}
    without = yes_no([article], 9, 1.0, random.Random(0))
    assert without
    assert all(s.answer is None for s in without)


def test_a_page_about_something_else_does_not_answer(tmp_path: Path) -> None:
    rows = [
        {"focus": "Gout", "qtype": "treatment", "answer": "Gout is treated with rest and cold."},
        {"focus": "Gout", "qtype": "causes", "answer": "Too much uric acid brings gout about."},
        {"focus": "Mumps", "qtype": "treatment", "answer": "Mumps passes without any medicine."},
        {"focus": "Mumps", "qtype": "causes", "answer": "What causes it? A virus brings it about."},
    ]
    path = tmp_path / "medquad.jsonl.gz"
    write_written(path, rows)
    answered = medical(path, 4, 0.0, random.Random(0))
    assert {answer_of(s) for s in answered} >= {rows[0]["answer"], "A virus brings it about."}
    for seed in range(20):
        for sample in medical(path, 4, 1.0, random.Random(seed)):
            assert sample.answer is None
            right = next(r for r in rows if r["focus"].lower() in sample.question.lower()
                         and r["answer"] == sample.passage) if any(
                r["focus"].lower() in sample.question.lower() and r["answer"] == sample.passage
                for r in rows) else None  # fmt: skip
            if right:
                treated = "treat" in sample.question.lower()
                assert (right["qtype"] == "treatment") != treated


def test_a_bad_row_is_named(tmp_path: Path, houses: Path) -> None:
    articles = read_squad(houses)
    path = write_written(tmp_path / "w.jsonl.gz", [{"title": "Street_1", "paragraph": 99}])
    with pytest.raises(UsageError, match="line 1: IndexError"):
        written_unanswerable(path, articles)
    with pytest.raises(UsageError, match=r"none\.json"):
        build_samples(ReaderSettings(data=ReaderData(squad=(tmp_path / "none.json",))))


def test_numbers_of_questions_without_any_are_left_alone(houses: Path) -> None:
    assert changed_numbers(read_squad(houses), 50, random.Random(0)) == []


def test_labels_are_the_tokens_of_the_answer() -> None:
    entry = load_catalogue().default_embedder
    path = bundled_models_dir() / entry.folder / "tokenizer.json"
    tokenizer = load_tokenizer(path, entry.tokenizer_sha256)
    begin, end = tokenizer.encode("").ids
    text = " ".join(f"Lot {n}-X was made in Kraków on {n} May." for n in range(60))
    samples = []
    for n in (0, 7, 31, 59):
        day = f"{n} May"
        at = text.index(f" {day}") + 1
        span = at, at + len(day)
        samples.append(ReadingSample("a", f"When was lot {n}-X made?", text, span))
    samples.append(ReadingSample("b", "Who made it?", text, None, len(text)))
    samples.append(ReadingSample("c", "", text, None, 0))
    examples = encode_samples(samples, tokenizer, WindowMaker(begin, end, 64), random.Random(0))
    assert len(examples) == 5
    for sample, example in zip(samples, examples, strict=False):
        assert len(example.ids) <= 64
        words = tokenizer.decode(example.ids[example.start : example.end + 1].tolist())
        assert example.answered == (sample.answer is not None)
        if sample.answer:
            assert words == answer_of(sample).lower().strip()
            assert example.start > example.first
    shuffled = [e for batch in batches(examples, 2, 0, 0) for e in batch]
    assert {id(e) for e in shuffled} == {id(e) for e in examples}
    table = padded(examples)
    assert table["input_ids"].shape == (5, 64)
    for row, example in enumerate(examples):
        assert table["allowed"][row].sum() == len(example.ids) - example.first
        assert table["allowed"][row, 0] == 1
        assert table["allowed"][row, len(example.ids) - 1] == 0
    assert tokenize(tokenizer, "\ud800 dog").offsets[-1] == (2, 5)


def test_a_question_without_spans_is_no_answerable_one() -> None:
    article = Article("A", (Paragraph("The pump is red.", 1, (Question("1", "Who?"),)),))
    assert near_passages([article], 5, random.Random(0)) == []
