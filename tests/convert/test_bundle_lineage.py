"""What of the records may leave the workstation."""

from __future__ import annotations

import pytest

from assistant.bundle.manifest import Source
from assistant.errors import UsageError
from convert.bundle.lineage import numbers, plain, require_sources, sources_of
from convert.step_record import StepRecord


def dataset_record(*rows: dict[str, str]) -> StepRecord:
    return StepRecord("dataset", {}, {"sources": list(rows)}, {}, {})


def test_data_are_named_from_the_dataset_with_their_licences() -> None:
    squad = {"path": "/data/squad.json", "name": "SQuAD 2.0", "licence": "CC BY-SA 4.0"}
    own = {"path": "/home/drsmith/letters.csv", "name": "", "licence": ""}
    given = Source("letters.csv", "confidential", "")
    found = sources_of([dataset_record(squad, own)], [given])
    assert found == (given, Source("SQuAD 2.0", "CC BY-SA 4.0", ""))
    with pytest.raises(UsageError, match=r"letters\.csv"):
        sources_of([dataset_record(squad, own)], [])
    with pytest.raises(UsageError, match="No data source"):
        require_sources(sources_of([dataset_record()], []))


def test_figures_and_settings_are_cut_to_what_may_travel() -> None:
    assert numbers({"a": 1, "b": "Mrs Jones", "c": {"d": "x"}, "e": [1, "y", 2.5]}) == {
        "a": 1,
        "e": [1, 2.5],
    }
    assert numbers({"nan": float("nan"), "huge": 2**60}) == {"nan": "nan", "huge": str(2**60)}
    for path in (
        "/home/x/data.csv",
        "~/data.csv",
        "C:\\x\\data.csv",
        "../x/data.csv",
        "x/data.csv",
    ):
        assert plain({"p": path}) == {"p": "data.csv"}
    assert plain("https://example.org/a b") == "https://example.org/a b"
    assert plain("CC BY-SA 4.0 / MIT") == "CC BY-SA 4.0 / MIT"
