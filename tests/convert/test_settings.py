"""Settings of every step: each limit is tried on both sides, and what is wrong is named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from assistant.errors import UsageError
from convert.bundle.settings import BundleSettings
from convert.dataset.settings import DatasetSettings, GroupSettings, RaftSettings, SourceSettings
from convert.embedder.retrieval_comparison import CompareSettings
from convert.embedder.settings import EmbedderSettings
from convert.evaluate.settings import EvaluateSettings
from convert.export.settings import AdapterSettings, ExportSettings
from convert.merge.settings import MergeSettings
from convert.reader.evaluate_reader import ReaderEvaluation
from convert.reader.settings import ReaderData, ReaderSettings
from convert.recipe.recipe_file import BaseSettings, CanarySettings, read_recipe
from convert.settings import Settings, read_tables
from convert.train.settings import TrainSettings

ALL: tuple[Settings, ...] = (
    AdapterSettings(),
    BaseSettings(),
    BundleSettings(),
    CanarySettings(),
    CompareSettings(),
    DatasetSettings(),
    EmbedderSettings(),
    EvaluateSettings(),
    ExportSettings(),
    GroupSettings(),
    MergeSettings(),
    RaftSettings(Path("pairs.csv")),
    ReaderData(),
    ReaderEvaluation(),
    ReaderSettings(),
    SourceSettings(Path("a.jsonl")),
    TrainSettings(),
)
APART = {("GroupSettings", "refusal_share", 1.0), ("RaftSettings", "distractors", 16)}
"""Limits that another rule allows in company only."""


def limits() -> Iterator[tuple[Settings, str, float, float]]:
    """Yield settings, key, a value at a limit, and the next one beyond it."""
    for one in ALL:
        for name, kind in get_type_hints(type(one), include_extras=True).items():
            bare = get_args(kind)[0] if get_origin(kind) is Annotated else None
            if bare not in (int, float):
                continue
            for meta in kind.__metadata__:
                for limit, way in ((meta.ge, -1), (meta.le, 1)):
                    if limit is not None:
                        step = limit + way if bare is int else math.nextafter(limit, way * math.inf)
                        yield one, name, bare(limit), step


CASES = [pytest.param(*case, id=f"{type(case[0]).__name__}.{case[1]}={case[3]:g}")
         for case in limits()]  # fmt: skip


@pytest.mark.parametrize(("settings", "name", "last", "beyond"), CASES)
def test_a_limit_holds_on_both_sides(
    settings: Settings, name: str, last: float, beyond: float
) -> None:
    if (type(settings).__name__, name, last) not in APART:
        assert getattr(replace(settings, **{name: last}), name) == last  # type: ignore[type-var]
    with pytest.raises(UsageError, match=rf"\[{settings.TABLE}\] '{name}' is .*expected"):
        replace(settings, **{name: beyond})  # type: ignore[type-var]


def test_there_are_limits_to_try() -> None:
    assert len(CASES) > 80


@pytest.mark.parametrize("settings", ALL, ids=lambda one: type(one).__name__)
def test_what_is_no_key_or_no_value_is_named_with_its_table(settings: Settings) -> None:
    with pytest.raises(UsageError, match=rf"\[{settings.TABLE}\].*'colour'"):
        type(settings).from_table({"colour": 1})
    for name in get_type_hints(type(settings)):
        if name != "TABLE":
            with pytest.raises(UsageError, match=rf"\[{settings.TABLE}\].*'{name}"):
                type(settings).from_table({name: [[object()]]})


def test_tables_within_a_table_texts_and_paths(tmp_path: Path) -> None:
    table = {
        "sources": [{"path": "a.jsonl", "columns": {"question": "query"}}],
        "raft": {"pairs": "pairs.csv", "data_dir": "~/library"},
        "never": "eval.json",
    }
    made = DatasetSettings.from_table(table, tmp_path)
    assert made.sources[0].path == tmp_path / "a.jsonl"
    assert made.never == (tmp_path / "eval.json",)
    assert made.raft is not None
    assert made.raft.data_dir == Path.home() / "library"
    recorded = made.as_table()
    assert recorded["sources"][0]["path"] == "a.jsonl"
    assert str(tmp_path) not in str(recorded)
    with pytest.raises(UsageError, match=r"\[dataset\.raft\] 'pairs' is missing"):
        DatasetSettings.from_table({"raft": {}})
    for number in (math.nan, math.inf, True, "0.5"):
        with pytest.raises(UsageError, match=r"\[dataset\] 'validation_ratio' is"):
            DatasetSettings.from_table({"validation_ratio": number})


def test_paths_that_are_texts_are_taken_from_the_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        '[base]\nsource = "base"\n[train]\nstart = "first"\n[bundle]\nkey = "/k"\n'
        'licences = ["LICENCE"]\n[evaluate]\nsquad = ["a.json", "b.json"]\n'
    )
    made = read_recipe(recipe)
    assert made.base.source == tmp_path / "base"
    assert made.train.start == str(tmp_path / "first")
    assert made.train.as_table()["start"] == "first"
    assert (made.bundle.key, made.bundle.licences) == ("/k", (str(tmp_path / "LICENCE"),))
    assert made.evaluate.squad == tuple(str(tmp_path / name) for name in ("a.json", "b.json"))
    assert made.evaluate.cuad == ""


@pytest.mark.parametrize("text", ["[train", "a = 1", "[train]\nrank = 1\nrank = 2", "\udcff"])
def test_a_file_of_tables_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(UsageError, match=r"recipe\.toml"):
        read_tables(path)


def test_an_unknown_value_is_no_type_error(tmp_path: Path) -> None:
    table: dict[str, Any] = {"sources": [{"path": "a", "columns": {"question": 3}}]}
    with pytest.raises(UsageError, match=r"\[dataset\.sources\] 'columns'"):
        DatasetSettings.from_table(table, tmp_path)
