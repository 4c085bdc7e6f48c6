"""What `assistant feedback export --training` writes goes through the real dataset step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.wiring import open_workspace
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.feedback.validation import feedback_of
from assistant.prompts import REFUSAL, SYSTEM
from assistant.store import KeyFile
from assistant.types import Answer, Correction, Sentence, Timings, Workspace
from convert.dataset.dataset_step import make_dataset
from convert.dataset.prompt_blocks import passages_in
from convert.dataset.settings import DatasetSettings, RaftSettings, SourceSettings
from convert.reader.build_samples import build_samples, kinds_of
from convert.reader.settings import ReaderData, ReaderSettings
from convert.training_samples import Sample

TOWNS = ("Alba", "Brenna", "Corvo", "Dunmore")


def text_of(town: str) -> str:
    return (
        f"The harbour of {town} lies at the river {town}water\nand is dredged yearly.\n\n"
        f"The mayor of {town} is elected for {len(town)} years by all who live there.\n\n"
        f"The school of {town} was founded by the teacher {town} Miller in the old mill.\n"
    )


def answered(workspace: Workspace, question: str, words: str = "") -> Answer:
    """An answer as the session makes it, with `words` quoted from the passage that has them."""
    hits = workspace.search(question).hits
    sentences = ()
    for hit in hits if words else ():
        at = hit.passage.text.find(words)
        if at >= 0:
            quotes = hit.passage.cite(at, at + len(words))
            sentences = (Sentence(f'"{words}"', supported=True, quotes=quotes, origin="model"),)
            break
    text = f'"{words}"' if words else "Not found."
    timings = Timings(1.0, 1.0, None, 2.0)
    return Answer(question, text, not words, sentences, hits, 0.9, timings, "small")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library whose answers were judged, and the file that was exported of it."""
    folder = tmp_path_factory.mktemp("feedback")
    (folder / "texts").mkdir()
    for town in TOWNS:
        (folder / "texts" / f"{town}.txt").write_text(text_of(town), "utf-8")
    settings = Settings(data_dir=folder, threads=1)
    workspace = open_workspace(settings, KeyFile(settings.key_path))
    try:
        list(workspace.add([folder / "texts"]))
        for town in TOWNS:
            school, mayor = f"Who founded the school of {town}?", f"How is {town}'s mayor chosen?"
            right = answered(workspace, school, f"{town} Miller")
            workspace.give_feedback(feedback_of(right, "right"))
            false = answered(workspace, mayor, f"{town}water\nand is dredged")
            fixed = Correction(f"elected for {len(town)}  YEARS")
            workspace.give_feedback(feedback_of(false, "wrong", fixed))
            refused = answered(workspace, f"How many people live in {town}?")
            workspace.give_feedback(feedback_of(refused, "right"))
            invented = answered(workspace, f"Who sank in the bay of {town}?", "dredged yearly")
            none = Correction(unanswerable=True)
            workspace.give_feedback(feedback_of(invented, "wrong", none))
        made = workspace.export_feedback("training", training_share=1.0)
    finally:
        workspace.close()
    assert len(made.rows) == 4 * len(TOWNS)
    assert made.left_out == ()
    path = folder / "training.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in made.rows), "utf-8")
    return folder, path


def checked(made: tuple[dict[str, Any], dict[str, list[Sample]]]) -> list[Sample]:
    manifest, splits = made
    assert manifest["report"]["dropped"] == {}
    samples = splits["train"] + splits["validation"]
    for sample in samples:
        assert sample.messages[0].content == SYSTEM
        if sample.answers:
            shown = " \n ".join(passages_in(sample))
            assert sample.answers[0] in shown
            assert sample.completion == f'"{sample.answers[0]}"'
        else:
            assert sample.completion == REFUSAL
    return samples


def test_with_the_library_it_becomes_raft_samples(exported: tuple[Path, Path]) -> None:
    folder, path = exported
    raft = RaftSettings(path, data_dir=folder, without_oracle=0.0, window_share=0.0)
    samples = checked(make_dataset(DatasetSettings(raft=raft, validation_ratio=0.25)))
    answers = sorted(sample.answers[0] for sample in samples if sample.answers)
    assert answers == sorted(
        [f"{town} Miller" for town in TOWNS] + [f"elected for {len(town)} years" for town in TOWNS]
    )
    refusals = [sample for sample in samples if not sample.answers]
    assert len(refusals) == 2 * len(TOWNS)
    assert {sample.extra["origin"] for sample in refusals} == {"unanswerable"}


def test_without_the_library_it_becomes_samples_of_its_contexts(
    exported: tuple[Path, Path],
) -> None:
    settings = DatasetSettings(sources=(SourceSettings(exported[1]),), validation_ratio=0.25)
    samples = checked(make_dataset(settings))
    by_question = {sample.question: sample for sample in samples}
    for town in TOWNS:
        assert f"{town} Miller" in by_question[f"Who founded the school of {town}?"].answers
        assert not by_question[f"How many people live in {town}?"].answers
        assert not by_question[f"Who sank in the bay of {town}?"].answers


def test_it_becomes_samples_of_a_reader(exported: tuple[Path, Path]) -> None:
    data = ReaderData(feedback=(exported[1],), feedback_repeats=3, codes=0)
    samples = build_samples(ReaderSettings(data=data))
    each = 3 * 2 * len(TOWNS)
    assert kinds_of(samples) == {"feedback": each, "feedback, unanswerable": each}
    for town in TOWNS:
        asked = [
            s
            for s in samples
            if s.question.lower().startswith(f"who founded the school of {town}".lower())
        ]
        assert len(asked) == 3
        assert {s.passage[slice(*s.answer)] for s in asked if s.answer} == {f"{town} Miller"}


ROW = {"question": "Who sank?", "answer": "the ship", "context": "In May the ship sank."}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": "the boat"}, "line 3: the answer 'the boat' does not stand in the context"),
        ({"answer": ""}, "line 3: the answer is empty"),
        ({"answer": 5}, "line 3: the answer is no text"),
        ({"answer": {"text": 5}}, "line 3: the answer is no text"),
        ({"context": None}, "line 3: there is no context"),
        ({"question": [1]}, "line 3: there is no question"),
        ({"question": " ?"}, "line 3: there is no question"),
    ],
)
def test_a_row_that_can_not_be_learned_is_named(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows"  # the name's ending does not matter
    path.write_text(f"{json.dumps(ROW)}\n\n{json.dumps(ROW | change)}\n", "utf-8")
    with pytest.raises(UsageError) as error:
        build_samples(ReaderSettings(data=ReaderData(feedback=(path,), codes=0)))
    assert error.value.message.startswith(f"{path}, {said}")
