"""Duplicates, leakage and length: found, dropped from the right split, reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelError, UsageError
from convert.dataset.dataset_step import make_dataset
from convert.dataset.near_duplicates import NearIndex, jaccard, shingles
from convert.dataset.settings import DatasetSettings, SourceSettings
from tests.convert.dataset_data import chat, write_rows

LONG = (
    "The maintenance of the pumps is carried out every six months by the supplier, who sends a "
    "report to the clinic within ten working days of the visit and names all parts replaced."
)


def check(path: Path, held: Path | None = None, **settings: Any) -> tuple[dict[str, Any], Any]:
    sources = [SourceSettings(path, split="train")]
    if held is not None:
        sources.append(SourceSettings(held, split="validation"))
    manifest, splits = make_dataset(DatasetSettings(tuple(sources), **settings))
    return manifest["report"]["dropped"], splits


def test_exact_duplicates_go(tmp_path: Path) -> None:
    rows = [chat("How?", "So."), chat(" how? ", "so."), chat("How?", "Otherwise.")]
    dropped, splits = check(write_rows(tmp_path / "a.jsonl", rows))
    assert dropped == {"exact duplicate": 1}
    assert sorted(s.completion for s in splits["train"]) in (["Otherwise.", "So."],
                                                            ["Otherwise.", "so."])  # fmt: skip


def test_near_duplicates_go_and_different_texts_stay(tmp_path: Path) -> None:
    rows = [
        chat("What about maintenance?", LONG),
        chat("What about maintenance?", LONG.replace("supplier, who", "supplier who")),
        chat("What about maintenance?", "It costs 300 euros a year."),
    ]
    path = write_rows(tmp_path / "a.jsonl", rows)
    dropped, splits = check(path)
    assert dropped == {"near duplicate": 1}
    assert len(splits["train"]) == 2
    assert check(path, near_duplicate=1.0)[0] == {}


def test_minhash_finds_what_the_exact_measure_finds() -> None:
    words = [f"word{n}" for n in range(60)]
    index = NearIndex(0.8)
    index.add("first", " ".join(words))
    near = " ".join([*words[:57], "other", *words[58:]])
    far = " ".join([*words[:30], *(f"else{n}" for n in range(30))])
    assert jaccard(shingles(" ".join(words)), shingles(near)) > 0.8
    assert index.find(near) == "first"
    assert index.find(far) is None
    assert index.find("") is None


def qa(question: str, answer: str, context: str, document: str) -> dict[str, Any]:
    return {"question": question, "answer": answer, "context": context, "document": document}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (qa("New question?", "April", "Another text: it was in April.", "held"), "document"),
        (qa("when does it begin", "June", "The other plan begins in June.", "other"), "question"),
        (qa("Who sends it?", "the supplier", LONG, "copy"), "passage"),
        (qa("Who sends it?", "the supplier", LONG.replace(" ten ", " 10 "), "copy"), "passage"),
    ],
)
def test_what_validation_holds_is_dropped_from_training(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    held = write_rows(
        tmp_path / "held.jsonl",
        [qa("When does it begin?", "May", f"It begins in May. {LONG}", "held"),
         qa("How often?", "every six months", LONG, "held")],
    )  # fmt: skip
    fine = qa("What colour is the boat?", "blue", "The boat of the harbour master is blue.", "x")
    train = write_rows(tmp_path / "train.jsonl", [row, fine])
    dropped, splits = check(train, held, groups=one_passage())
    assert dropped == {f"{reason} shared with validation": 1}
    assert [s.question for s in splits["train"]] == ["What colour is the boat?"]
    assert len(splits["validation"]) == 2


def one_passage() -> Any:
    from convert.dataset.settings import GroupSettings

    return GroupSettings(passages=(1.0,), refusal_share=0.0, window_share=0.0)


def test_a_question_asked_of_every_document_is_no_leak(tmp_path: Path) -> None:
    places = ["Ostravia", "Norland", "Quill", "Sund"]
    rows = [
        qa("Which law governs?", p, f"This agreement is governed by the law of {p} alone.", p)
        for p in places
    ]
    held = write_rows(tmp_path / "held.jsonl", rows[:1])
    dropped, splits = check(
        write_rows(tmp_path / "a.jsonl", rows[1:]), held, groups=one_passage(), near_duplicate=1.0
    )
    assert dropped == {}
    assert len(splits["train"]) == 3


def test_what_does_not_fit_the_context_goes(tmp_path: Path, tiny_base: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [chat("Short?", "Yes."), chat("Long?", LONG * 20)])
    for base in (None, tiny_base):
        dropped, splits = check(path, context_length=128, base=base)
        assert dropped == {"longer than 128 tokens": 1}
        assert [s.question for s in splits["train"]] == ["Short?"]
    (tmp_path / "empty").mkdir()
    with pytest.raises((ModelError, UsageError)):
        check(path, base=tmp_path / "empty")


def test_no_data_and_no_samples_left(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There are no data"):
        make_dataset(DatasetSettings())
    path = write_rows(tmp_path / "a.jsonl", [chat("Long?", LONG * 20)])
    with pytest.raises(UsageError, match="No sample is left") as caught:
        check(path, context_length=64)
    assert "longer than 64 tokens" in caught.value.hint


def test_a_recipes_table_is_checked(tmp_path: Path) -> None:
    table = {
        "sources": [{"path": "a.jsonl", "licence": "CC0-1.0"}],
        "groups": {"passages": [0, 1], "refusal_share": 0.4},
        "validation_documents": ["x"], "validation_ratio": 0, "never": ["eval.json"],
    }  # fmt: skip
    made = DatasetSettings.from_table(table, tmp_path)
    assert made.sources[0].path == tmp_path / "a.jsonl"
    assert made.groups.refusal_share == 0.4
    assert made.never == (tmp_path / "eval.json",)
    for bad, what in (
        ({"colour": 1}, r"\[dataset\] has an unknown key 'colour'"),
        ({"sources": [{"path": "a", "shape": "b"}]}, r"\[dataset.sources\].*'shape'"),
        ({"sources": [{}]}, "dataset.sources"),
        ({"sources": {}}, r"\[dataset\] 'sources'.*expected list"),
        ({"validation_ratio": 1.5}, "validation_ratio' is 1.5: expected a number from 0 to 1"),
        ({"validation_ratio": "x"}, "validation_ratio' is 'x': expected"),
        ({"groups": {"refusal_share": 1.0}}, "must be below 1"),
        ({"groups": {"passages": []}}, "needs weights"),
        (
            {"raft": {"pairs": "p", "distractors": 99}},
            "'distractors' is 99: expected .* <= 16",
        ),
        ({"personal": "sell"}, "'personal' is 'sell'"),
    ):
        with pytest.raises(UsageError, match=what):
            DatasetSettings.from_table(bad, tmp_path)
