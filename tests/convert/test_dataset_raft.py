"""RAFT samples out of a real library: real parser, embedder, retriever and chat model."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.cli.wiring import open_workspace
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.prompts import REFUSAL
from assistant.store import KeyFile
from convert.cli.main import main
from convert.dataset.articles import ShownText
from convert.dataset.dataset_step import make_dataset
from convert.dataset.prompt_blocks import passages_in
from convert.dataset.settings import DatasetSettings, RaftSettings
from convert.training_samples import Sample, read_samples
from tests.convert.dataset_data import write_rows

TOWNS = ("Alba", "Brenna", "Corvo", "Dunmore", "Elgin", "Farrow")


def text_of(town: str) -> str:
    facts = [
        f"The harbour of {town} lies at the mouth of the river {town}water and is dredged yearly.",
        f"The mayor of {town} is elected for {len(town)} years by all who live there.",
        f"The market of {town} opens at six o'clock on the day of \u201cSaint {town}\u201d.",
        f"The school of {town} was founded by the teacher {town} Miller in the old mill.",
    ]
    return "\n\n".join(
        f"{fact} {'It is told in the chronicle of the county. ' * 8}" for fact in facts
    )


@pytest.fixture(scope="module")
def data_dir(default_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raft")
    (folder / "models").symlink_to(default_gguf.parent.parent)
    (folder / "texts").mkdir()
    for town in TOWNS:
        (folder / "texts" / f"{town}.txt").write_text(text_of(town), "utf-8")
    settings = Settings(data_dir=folder, threads=1)
    workspace = open_workspace(settings, KeyFile(settings.key_path))
    try:
        assert len(list(workspace.add([folder / "texts"]))) > len(TOWNS)
        assert len(workspace.documents()) == len(TOWNS)
    finally:
        workspace.close()
    return folder


@pytest.fixture(scope="module")
def pairs(data_dir: Path) -> Path:
    rows: list[dict[str, Any]] = []
    for town in TOWNS:
        rows += [
            {"question": f"Who founded the school of {town}?", "answer": f"{town} Miller"},
            {"question": f"How is the mayor of {town} chosen?", "document": f"{town}.txt",
             "answer": "elected for"},
            {"question": f"How many people live in {town}?", "answer": "unanswerable"},
        ]  # fmt: skip
    text = text_of("Alba")
    at = text.index("six o'clock")
    rows += [
        {"question": "When does the market of Alba open?", "document": "Alba.txt", "page": 1,
         "start": at, "end": at + len("six o'clock")},
        {"question": "Who built it?", "answer": "a man that no document names"},
        {"question": "Which day?", "document": "Alba.txt", "answer": "\u201cSaint Alba\u201d"},
        {"question": "Which day?", "document": "Alba.txt", "page": 1, "start": 3, "end": 9,
         "answer": "harbor"},
    ]  # fmt: skip
    return write_rows(data_dir / "pairs.jsonl", rows)


@pytest.fixture(scope="module")
def settings(data_dir: Path, pairs: Path) -> DatasetSettings:
    raft = RaftSettings(pairs, data_dir=data_dir, without_oracle=0.3, window_share=0.5)
    return DatasetSettings(raft=raft, validation_ratio=0.3, seed=4)


@pytest.fixture(scope="module")
def made(settings: DatasetSettings) -> tuple[dict[str, Any], list[Sample]]:
    manifest, splits = make_dataset(settings)
    return manifest, splits["train"] + splits["validation"]


def test_what_can_not_be_quoted_is_dropped_and_said(made: tuple[dict[str, Any], Any]) -> None:
    dropped = made[0]["report"]["dropped"]
    assert dropped["the answer stands in no passage word for word"] == 1
    assert sum(dropped.values()) == 2
    assert any("not the answer" in reason for reason in dropped)


def test_quotes_stand_in_the_passage_shown(made: tuple[Any, list[Sample]]) -> None:
    answers = [s for s in made[1] if s.kind == "answer"]
    assert len(answers) >= 8
    for sample in answers:
        assert sample.answers[0] in passages_in(sample)[sample.extra["oracle"] - 1]
        assert len(passages_in(sample)) <= 3
    assert {"six o'clock", "Saint Alba"} & {s.answers[0] for s in answers}
    assert len({s.extra["oracle"] for s in answers}) > 1  # its place is shuffled


def test_without_the_oracle_it_is_a_refusal(made: tuple[Any, list[Sample]]) -> None:
    origins = Counter(s.extra["origin"] for s in made[1])
    assert origins["without oracle"] >= 2
    assert origins["unanswerable"] == len(TOWNS)
    for sample in made[1]:
        if sample.extra["origin"] != "without oracle":
            continue
        assert sample.completion == REFUSAL
        town = sample.question.rstrip("?").split()[-1]
        if "founded" in sample.question:
            assert not ShownText(passages_in(sample)).holds([f"{town} Miller"])


def test_negatives_are_the_retrievers_and_of_the_same_split(
    made: tuple[dict[str, Any], list[Sample]],
) -> None:
    held = {Path(d).stem for d in made[0]["validation_documents"]}
    assert held
    for sample in made[1]:
        towns = {t for t in TOWNS for p in passages_in(sample) if t in p}
        assert towns <= held or towns.isdisjoint(held)
    asked = [s for s in made[1] if s.extra["origin"] == "oracle" and "school" in s.question]
    assert asked
    for sample in asked:  # near, and wrong: of the same town, or about another's school
        town = sample.question.rstrip("?").split()[-1]
        assert len(passages_in(sample)) > 1
        assert all(town in p or "school of" in p for p in passages_in(sample))


def test_windows_are_the_laptops(settings: DatasetSettings, tmp_path: Path) -> None:
    """Whole passages with share 0, cut ones (350 tokens in all) with share 1."""
    lengths = {}
    rows = [{"question": f"Who founded the school of {t}?", "answer": f"{t} Miller"}
            for t in TOWNS[:4]]  # fmt: skip
    few = write_rows(tmp_path / "few.jsonl", rows)
    for share in (0.0, 1.0):
        raft = replace(settings.raft, pairs=few, window_share=share, without_oracle=0.0)
        splits = make_dataset(replace(settings, raft=raft))[1]
        lengths[share] = sum(len(p) for s in splits["train"] for p in passages_in(s))
    assert lengths[1.0] < lengths[0.0]


def test_the_command_writes_a_dataset(pairs: Path, data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["dataset", "raft", "--pairs", str(pairs), "--data-dir", str(data_dir), "--out",
                 str(out), "--windows", "0", "--distractors", "1", "--json"]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert all(len(passages_in(s)) <= 2 for s in read_samples(out / "train.jsonl"))


def test_a_library_that_is_not_there(pairs: Path, tmp_path: Path) -> None:
    raft = RaftSettings(pairs, data_dir=tmp_path, window_share=0.0)
    with pytest.raises(UsageError, match="There is no"):
        make_dataset(DatasetSettings(raft=raft))
    for row, what in (
        ({"question": "  ", "answer": "x"}, "the question is empty"),
        ({"question": "Who?"}, "neither an answer nor its place"),
        ({"question": "Who?", "answer": "x", "page": "three"}, "must be whole numbers"),
        ({"colour": "x"}, "no column 'question'"),
    ):
        bad = write_rows(tmp_path / "bad.jsonl", [row])
        with pytest.raises(UsageError, match=rf"line 1: .*{what}"):
            make_dataset(DatasetSettings(raft=replace(raft, pairs=bad)))
