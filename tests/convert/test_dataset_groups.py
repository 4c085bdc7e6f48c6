"""Groups: verbatim answers, refusals that are none by chance, splits by document."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from assistant.errors import Cancelled, UsageError
from assistant.prompts import REFUSAL
from assistant.types import CancelToken
from convert.dataset.articles import ShownText
from convert.dataset.dataset_step import make_dataset, read_manifest, run_dataset
from convert.dataset.held_out_split import held_out
from convert.dataset.prompt_blocks import passages_in
from convert.dataset.settings import DatasetSettings, GroupSettings, SourceSettings
from convert.dataset.squad import read_squad
from convert.training_samples import Sample, read_samples
from tests.convert.dataset_data import towns, write_squad


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> DatasetSettings:
    folder = tmp_path_factory.mktemp("squad")
    names = ["Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh"]
    plain = write_squad(folder / "plain.json", [towns(name, 20) for name in names])
    human = write_squad(folder / "human.json", [towns("Zz", 12, "Which dragon ate town")])
    sources = (SourceSettings(plain, "squad", licence="CC0-1.0"),
               SourceSettings(human, "squad", split="train", repeat=2))  # fmt: skip
    return DatasetSettings(sources=sources, validation_ratio=0.25, near_duplicate=1.0)


@pytest.fixture(scope="module")
def splits(settings: DatasetSettings) -> dict[str, list[Sample]]:
    return make_dataset(settings)[1]


def test_answers_stand_in_the_passage_named(splits: dict[str, list[Sample]]) -> None:
    answers = [s for s in splits["train"] if s.kind == "answer"]
    assert len(answers) > 100
    for sample in answers:
        passage = passages_in(sample)[sample.extra["oracle"] - 1]
        assert sample.answers[0] in passage
        assert sample.completion == f'"{sample.answers[0]}"'


def test_no_refusal_shows_the_answer(
    settings: DatasetSettings, splits: dict[str, list[Sample]]
) -> None:
    right = {
        q.id: p.answers(q)
        for source in settings.sources
        for a in read_squad(source.path)
        for p in a.paragraphs
        for q in p.questions
    }
    refusals = [s for s in splits["train"] if s.kind == "refusal"]
    origins = Counter(s.extra["origin"] for s in refusals)
    assert origins["near"] > 10
    assert origins["human"] >= 24
    for sample in refusals:
        assert sample.completion == REFUSAL
        assert not sample.answers
        answers = right[sample.id.split("/")[-2]]
        assert not answers or not ShownText(passages_in(sample)).holds(answers)


def test_the_share_of_refusals_is_the_one_asked_for(settings: DatasetSettings) -> None:
    for share in (0.25, 0.5):
        groups = replace(settings.groups, refusal_share=share)
        train = make_dataset(replace(settings, groups=groups))[1]["train"]
        refused = sum(s.kind == "refusal" for s in train) / len(train)
        assert abs(refused - share) < 0.06


def test_groups_share_their_prompt_up_to_the_question(splits: dict[str, list[Sample]]) -> None:
    groups = defaultdict(list)
    for sample in splits["train"]:
        groups[sample.group].append(sample)
    sizes = []
    for group in groups.values():
        heads = {s.messages[1].content.rpartition("\n\nQuestion: ")[0] for s in group}
        assert len(heads) == 1
        questions = [s.question for s in group]
        assert len(set(questions)) == len(questions)
        sizes.append(len(group))
    assert sum(sizes) / len(sizes) > 3
    order = [s.group for s in splits["train"]]
    assert sum(a != b for a, b in pairwise(order)) == len(groups) - 1


def test_no_document_and_no_passage_is_in_both_splits(splits: dict[str, list[Sample]]) -> None:
    train, validation = splits["train"], splits["validation"]
    assert {s.document for s in validation}.isdisjoint(s.document for s in train)
    shown = {p for s in validation for p in passages_in(s)}
    assert shown
    assert not any(passage in shown for s in train for passage in passages_in(s))


def test_the_seed_decides_everything(settings: DatasetSettings) -> None:
    one, two = make_dataset(settings)[1], make_dataset(settings)[1]
    assert one == two
    assert make_dataset(replace(settings, seed=2))[1] != one


def test_new_samples_leave_the_split_as_it_is(settings: DatasetSettings) -> None:
    def held(**changes: int) -> set[str]:
        return {s.document for s in make_dataset(replace(settings, **changes))[1]["validation"]}

    assert all(held(seed=seed) == held() for seed in range(2, 6))
    assert any(held(split_seed=seed) != held() for seed in range(2, 6))


def test_held_out_documents_are_stable() -> None:
    names = [f"document {n}" for n in range(100)]
    held = held_out(names, 0.1, 7)
    assert len(held) == 10
    assert len(held - held_out([*names, "another"], 0.1, 7)) <= 1
    assert held_out(["only"], 0.5, 1) == frozenset()
    assert len(held_out(["a", "b"], 0.01, 1)) == 1


def test_windows_cut_and_what_is_cut_away_is_refused(tmp_path: Path) -> None:
    article = {"title": "Long", "paragraphs": []}
    for number in range(6):
        facts = [f"In the year {1500 + 100 * number + n} the king Nr{number}x{n} built tower "
                 f"T{number}x{n} of grey stone at the harbour." for n in range(12)]  # fmt: skip
        text = " ".join(facts)
        qas = [
            {"id": f"{number}-{n}", "question": f"Who built tower T{number}x{n}?",
             "answers": [{"text": king, "answer_start": text.index(king)}]}
            for n, king in enumerate(f"Nr{number}x{n}" for n in range(12))
        ]  # fmt: skip
        article["paragraphs"].append({"context": text, "qas": qas})
    path = write_squad(tmp_path / "long.json", [article])
    groups = GroupSettings(window_share=1.0, window_tokens=120, passages=(0, 1), refusal_share=0.5)
    settings = DatasetSettings(
        sources=(SourceSettings(path, "squad"),), groups=groups, validation_ratio=0.0
    )
    train = make_dataset(settings)[1]["train"]
    assert Counter(s.extra["origin"] for s in train)["cut"] > 5
    for sample in train:
        assert sum(map(len, passages_in(sample))) < 120 * 6
        assert all(p.startswith("In the year") and p.endswith(".") for p in passages_in(sample))


def test_nothing_of_an_evaluation_file_gets_in(settings: DatasetSettings, tmp_path: Path) -> None:
    kept = write_squad(tmp_path / "kept.json", [towns("Cc", 20)])
    manifest, made = make_dataset(replace(settings, never=(kept,)))
    for sample in made["train"] + made["validation"]:
        assert sample.document != "Cc"
        assert "Cca" not in sample.messages[1].content
    assert manifest["report"]["dropped"]["document shared with evaluation"] > 0


def test_the_step_is_recorded_and_not_repeated(settings: DatasetSettings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = run_dataset(settings, out)
    assert manifest == read_manifest(out)
    assert [s["licence"] for s in manifest["sources"]] == ["CC0-1.0", ""]
    assert len(manifest["sources"][0]["sha256"]) == 64
    assert manifest["prompt_version"] == 1
    counts = manifest["counts"]["train"]
    assert counts["samples"] == len(list(read_samples(out / "train.jsonl")))
    before = (out / "train.jsonl").stat().st_mtime_ns
    said: list[str] = []
    run_dataset(settings, out, lambda what, *_: said.append(what))
    assert said == ["The dataset is there already"]
    run_dataset(replace(settings, seed=3), out)
    assert (out / "train.jsonl").stat().st_mtime_ns != before


def test_a_cancel_leaves_what_was_there(settings: DatasetSettings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_dataset(settings, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    token = CancelToken()
    with pytest.raises(Cancelled):
        run_dataset(replace(settings, seed=9), out, lambda *_: token.cancel(), token)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_answer_that_is_not_in_its_context_is_refused(tmp_path: Path) -> None:
    bad = towns("Aa", 2)
    bad["paragraphs"][1]["qas"][0]["answers"][0]["text"] = "nowhere to be found"
    path = write_squad(tmp_path / "bad.json", [bad])
    with pytest.raises(UsageError, match=r"bad\.json, data\[0\]\.paragraphs\[1\].*nowhere"):
        read_squad(path)
