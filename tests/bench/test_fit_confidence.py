"""The fit of the confidence: from rows to a calibration, and into the catalogue."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

from assistant.answering.confidence import INTERCEPT, QuoteEvidence, decide_answer, features
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.types import Calibration, Place, Quoted, SearchResult
from tests.bench import fit_confidence
from tests.bench.fit_confidence import FALSE_REFUSALS, Row, fitted, read_rows
from tests.bench.report import Figure


def evidence(margin: float) -> QuoteEvidence:
    nothing = SearchResult("", (), 0.5, True)
    return QuoteEvidence("", nothing, (), Quoted("x", margin, -1.0, 1), Place(0, 0, 1), "x")


NAMES = tuple(features(evidence(0.0)))


def rows(count: int = 600) -> list[Row]:
    """Questions whose margin tells (with noise) whether the library holds the answer."""
    rng = random.Random(2)
    made = []
    for number in range(count):
        known = rng.random() < 0.6
        margin = rng.gauss(-2.0 if known else 2.0, 1.5)
        found = {name: rng.gauss(0.0, 1.0) for name in NAMES} | {"margin": margin}
        kind = "known" if known else rng.choice(("written", "left out"))
        right = known and rng.random() < 0.9
        made.append(
            Row(
                str(number), kind, str(number % 12), found if number % 20 else None,
                right=right, f1=float(right), margin=margin, log_probability=-1.0,
            )
        )  # fmt: skip
    return made


def value(figures: list[Figure], name: str) -> float:
    found = next(figure.value for figure in figures if figure.name == name)
    assert found is not None
    return found


def test_weights_threshold_and_figures_come_of_rows() -> None:
    old = Calibration(quotes_only=True, confidence={"of before": 1.0})
    made, figures = fitted(rows(), old)
    assert made.quotes_only
    assert made.confidence.keys() == {*NAMES, INTERCEPT}
    assert made.confidence["margin"] < -0.5
    assert made.answer_threshold is not None
    assert 0.0 < made.answer_threshold < 1.0
    assert value(figures, "right or not: AUC of the confidence") > 0.9
    assert value(figures, "expected calibration error") < 0.1
    assert value(figures, "confidence: false refusals") <= FALSE_REFUSALS
    assert value(figures, "confidence: unanswerable refused") > 0.7


def test_the_weights_decide_in_the_session() -> None:
    weights, _ = fitted(rows(), Calibration())
    refused = [decide_answer(evidence(margin), weights).refused for margin in (-9.0, 9.0)]
    assert refused == [False, True]


def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    journal = tmp_path / "rows.jsonl"
    line = '{"id": "1", "kind": "known", "article": "a", "found": null, "right": false, "f1": 0}'
    journal.write_text(f"{line}\n{line[:40]}", encoding="utf-8")
    assert [row.id for row in read_rows(journal)] == ["1"]
    assert read_rows(tmp_path / "none") == []


def test_the_catalogue_is_written_where_the_adapters_hash_stands(tmp_path: Path) -> None:
    folder = bundled_models_dir()
    entry = load_catalogue().default_adapter
    assert entry is not None
    shutil.copy(folder / "catalogue.toml", tmp_path)
    calibration = replace(Calibration.read(entry.calibration), confidence={"margin": -0.5})
    made = calibration.stored()
    line = f"calibration = {{ {', '.join(f'{k} = {v}' for k, v in sorted(made.items()))} }}"
    assert fit_confidence.write(folder / entry.file, line, tmp_path) == entry.name
    written = load_catalogue(tmp_path)
    assert written.default_adapter is not None
    assert Calibration.read(written.default_adapter.calibration) == calibration
    other = tmp_path / "other.gguf"
    other.write_bytes(b"another adapter")
    assert fit_confidence.write(other, line, tmp_path) == ""
