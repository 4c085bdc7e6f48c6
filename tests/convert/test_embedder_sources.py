"""Reading questions and passages, mining, and the figures: no model needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.prompts import PromptPassage, build_messages
from assistant.types import Hit, Message, PageStart, Scores
from assistant.types import Passage as Shown
from convert.atomic_output import Job
from convert.embedder.hard_negatives import MinedQuestion, MiningSettings, mine
from convert.embedder.question_pairs import Asked, Passage, QuestionSet, narrowed
from convert.embedder.question_sources import prompt_passages, read_questions
from convert.embedder.ranking_metrics import measure
from convert.embedder.tune_embedder import columns
from convert.training_samples import Sample, write_samples
from tests.convert.retrieval_material import write_beir, write_json, write_translation

PUMP = PromptPassage("manual.pdf", 3, "The pump holds 4 bar. [2] fake, page 1: of oil")
LAW = PromptPassage("law.pdf", 1, "A notice takes 30 days.")


def sample(
    question: str, answer: str, *, oracle: int | None = None, style: str = "system"
) -> Sample:
    passages = [PUMP, LAW]
    messages = (*build_messages(question, passages, style), Message("assistant", f'"{answer}"'))
    extra = {"oracle": oracle} if oracle else {}
    return Sample("1", "d", messages, "answer", "g", question, (answer,), extra)


@pytest.mark.parametrize("style", ["system", "user-only"])
def test_passages_are_read_back_out_of_a_prompt(style: str) -> None:
    assert prompt_passages(sample("How much?", "4 bar", style=style)) == [PUMP, LAW]


def test_a_prompt_of_other_making_gives_no_passages() -> None:
    found = sample("How much?", "4 bar")
    other = Message("user", found.messages[1].content.replace("Question: How", "Question: So"))
    changed = (found.messages[0], other, found.messages[2])
    assert (
        prompt_passages(Sample("1", "d", changed, "answer", "g", "How much?", ("4 bar",))) is None
    )


def test_a_dataset_gives_its_questions_with_the_passage_that_answers(tmp_path: Path) -> None:
    write_samples(
        tmp_path / "train.jsonl",
        [sample("How much?", "4 bar"), sample("How long?", "30 days", oracle=2),
         sample("Which?", "of"), sample("What?", "nowhere to be found")],
    )  # fmt: skip
    write_samples(tmp_path / "validation.jsonl", [sample("how  MUCH?", "4 bar")])
    found = read_questions([tmp_path])
    assert [p.text for p in found.passages] == [PUMP.text, LAW.text]
    assert {a.question: a.relevant for a in found.train} == {"How long?": (1,), "Which?": (0,)}
    assert found.held_out == (Asked("how  MUCH?", (0,), ("4 bar",)),)


def test_articles_in_squads_shape_are_held_out_whole(tmp_path: Path) -> None:
    articles = [
        {"title": f"T{n}", "paragraphs": [{"context": f"Text {n} says {n}.", "qas": [
            {"id": f"{n}", "question": f"What says {n}?",
             "answers": [{"text": str(n), "answer_start": 5}]},
            {"id": f"{n}x", "question": f"Why {n}?", "answers": [], "is_impossible": True},
        ]}]}
        for n in range(20)
    ]  # fmt: skip
    write_json(tmp_path / "squad.json", {"data": articles})
    found = read_questions([tmp_path / "squad.json"])
    assert (len(found.passages), len(found.train), len(found.held_out)) == (20, 18, 2)
    again = read_questions([tmp_path / "squad.json", tmp_path / "squad.json"])
    assert (again.passages, again.train) == (found.passages, found.train)


def test_beir_keeps_a_tenth_out_and_the_test_part_apart(tmp_path: Path) -> None:
    folder = write_translation(tmp_path / "data")
    (folder / "qrels" / "test.tsv").write_text("q3\td3\t1\nq4\td4\t0\n", encoding="utf-8")
    found = read_questions([folder])
    assert (len(found.train), len(found.held_out), len(found.test)) == (89, 10, 1)
    assert found.test[0].question not in {a.question for a in found.train}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("corpus.jsonl", '{"_id": "d0", "text": "x"}\n{"_id"', "line 2"),
     ("corpus.jsonl", '{"_id": "d0", "text": 4}\n', "line 1"),
     ("corpus.jsonl", '{"_id": "d0", "text": "x"}\n[]\n', "line 2"),
     ("queries.jsonl", '{"_id": "q0"}\n', "line 1"),
     ("queries.jsonl", '{"_id": "q0", "text": "' + "\\ud800" + '"}\n"', "line 2"),
     ("qrels/train.tsv", "query-id\tcorpus-id\tscore\nq0\td0\n", "line 2"),
     ("qrels/train.tsv", "q0\tnowhere\t1\n", "nowhere"),
     ("qrels/train.tsv", "q0\td0\tmuch\nq0\td0\tmore\n", "line 2")],
)  # fmt: skip
def test_a_fault_names_file_and_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    folder = write_beir(
        tmp_path / "data",
        [{"_id": "d0", "title": "", "text": "x y"}],
        [{"_id": "q0", "text": "what?"}],
        [("q0", "d0")],
    )
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_questions([folder])
    assert name.rpartition("/")[2] in caught.value.message
    assert said in caught.value.message


def test_data_of_no_known_shape_and_without_questions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="known shape"):
        read_questions([tmp_path])
    with pytest.raises(UsageError, match="no data"):
        read_questions([])
    write_json(tmp_path / "s.json", {"data": [{"title": "T", "paragraphs": []}]})
    with pytest.raises(UsageError, match="no question"):
        read_questions([tmp_path / "s.json"])
    (tmp_path / "train.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="line 1"):
        read_questions([tmp_path])


def test_drawing_keeps_what_a_question_needs() -> None:
    passages = tuple(Passage(f"text {n}") for n in range(50))
    asked = tuple(Asked(f"q{n}", (n,)) for n in range(20))
    found = QuestionSet(passages, asked[:10], asked[10:])
    drawn = narrowed(found, {"train": 4, "held-out": 0}, 20, seed=1)
    assert (len(drawn.train), len(drawn.held_out), len(drawn.passages)) == (4, 10, 20)
    for one in (*drawn.train, *drawn.held_out):
        assert drawn.passages[one.relevant[0]].text == f"text {one.question[1:]}"
    assert drawn == narrowed(found, {"train": 4, "held-out": 0}, 20, seed=1)
    with pytest.raises(UsageError, match="test"):
        narrowed(found, {"test": 0}, 0, seed=1)


class _Library:
    """Finds passages with given cosines, best first."""

    def __init__(self, cosines: dict[int, float | None]) -> None:
        self._cosines = cosines

    def hits(self, question: str, limit: int) -> list[tuple[int, Hit]]:
        del question
        shown = Shown(1, 1, "d", "", 0, 1, "x", (PageStart(1, 0),))
        found = [(n, Hit(shown, Scores(1.0, c))) for n, c in self._cosines.items()]
        return found[:limit]


def test_what_may_be_right_is_no_negative() -> None:
    texts = ["four bar", "it is 4 bar too", "nearly", "wrong", "words only", "far"]
    asked = Asked("how much?", (0,), ("4 bar",))
    found = QuestionSet(tuple(map(Passage, texts)), (asked,), ())
    library = _Library({1: 0.9, 2: 0.79, 0: 0.8, 3: 0.75, 4: None, 5: 0.1})
    mined = mine(library, found, MiningSettings(2, 30, 0.05), Job())  # type: ignore[arg-type]
    assert mined == [MinedQuestion("how much?", 0, (3, 4), ("4 bar",))]
    unfound = mine(_Library({2: 0.5}), found, MiningSettings(2, 30, 0.05), Job())  # type: ignore[arg-type]
    assert unfound[0].negatives == ()
    rows = columns(found, unfound, 2, seed=0)
    assert all(rows[f"negative_{n}"][0] != "four bar" for n in (1, 2))


def test_figures_by_hand() -> None:
    found = measure([([5, 1, 2], [1]), ([7], [8, 9]), ([3, 4], [3, 4])])
    assert found.ndcg10 == pytest.approx((0.6309 + 0 + 1) / 3, abs=1e-4)
    assert found.recall10 == pytest.approx(2 / 3)
    assert found.mrr10 == pytest.approx(0.5)
    assert found.first == pytest.approx(1 / 3)
    assert json.dumps(found.table())
    assert measure([]).questions == 0
