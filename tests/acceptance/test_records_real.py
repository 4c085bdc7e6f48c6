"""Rows of a sheet answer by code, in the real locked process."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import Settings
from tests.acceptance.test_feedback_real import assistant

pytestmark = pytest.mark.acceptance


def test_rows_answer_exactly_and_the_cells_are_cited(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    data = settings_with_models.data_dir
    rows = [
        (4700 + n, f"Person {chr(65 + n)}", n * 1.5, f"2024-{n % 9 + 1:02}-15") for n in range(26)
    ]
    sheet = tmp_path / "leave.csv"
    lines = [f"{number},{name},{days},{day}\n" for number, name, days, day in rows]
    sheet.write_text("Employee,Name,Days of leave left,Joined\n" + "".join(lines))
    assistant(data, "add", "--no-passphrase", sheet)
    one = assistant(data, "ask", "How many days of leave has employee 4711 left?")
    assert (one["strategy"], one["answer"], one["abstained"]) == ("records", "16.5", False)
    (quote,) = one["sentences"][0]["quotes"]
    assert (quote["document"], quote["label"], quote["text"]) == ("leave.csv", "line 13", "16.5")
    total = assistant(data, "ask", "What is the sum of the days of leave left?")
    assert total["answer"] == "487.5"
    assert len(total["sentences"][0]["quotes"]) == 26
    refused = assistant(data, "ask", "What is the days of leave left?")
    assert refused["abstained"]
    assert "which row" in refused["answer"]
    assert assistant(data, "ask", "How long is the warranty?")["strategy"] == "reader"
    assert assistant(data, "audit", "verify")["verdict"] == "ok"
