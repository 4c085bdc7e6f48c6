"""What scripts rely on: outputs that were recorded before still fit the schema of today.

`tests/fixtures/json_outputs.jsonl` holds outputs of every command that an earlier version
printed (its tests, and the real program on the sample library). Whoever adds a field adds it there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assistant.console.json_output import ErrorJson, FailureJson, plain

ROOT = Path(__file__).parents[3]
RECORDED = [
    json.loads(line)
    for line in (ROOT / "tests" / "fixtures" / "json_outputs.jsonl").read_text().splitlines()
]
SCHEMAS = json.loads((ROOT / "docs" / "json-schema.json").read_text())["commands"]


def named(entry: Any) -> str:
    return entry["command"] if isinstance(entry, dict) else ""


def test_all_commands_were_recorded_but_for_few() -> None:
    missing = SCHEMAS.keys() - {entry["command"] for entry in RECORDED}
    # The first two print the shapes of `bundle inspect` and `models list`.
    assert missing == {"bundle import", "models setup", "prove-offline"}


@pytest.mark.parametrize("entry", RECORDED, ids=named)
def test_an_output_of_before_fits_and_none_that_lacks_or_changes_a_key(entry: Any) -> None:
    check, output = Draft202012Validator(SCHEMAS[entry["command"]]), entry["output"]
    check.validate(output)
    for key, value in output.items():
        without = {name: kept for name, kept in output.items() if name != key}
        assert check.is_valid(without) == (key == "against"), key
        for wrong in ({"an": "object"}, ["a list"], "a text"):
            same = isinstance(value, type(wrong)) or (value is None and wrong != ["a list"])
            assert same or not check.is_valid({**output, key: wrong}), key


def test_who_reads_an_output_meets_its_format_first() -> None:
    failure = FailureJson(ErrorJson("config", "Title", "Message.", ""), format=2)
    assert next(iter(plain(failure).items())) == ("format", 2)
