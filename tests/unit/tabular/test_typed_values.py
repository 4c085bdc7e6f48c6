"""Values are read from quotes by code, and what can be read in two ways is said."""

from __future__ import annotations

import pytest

from assistant.tabular.typed_values import read_value, sort_key
from assistant.types.tabular import ColumnType


@pytest.mark.parametrize(
    ("kind", "quote", "value", "note"),
    [
        ("date", "made on the 3rd day of April 2024", "2024-04-03", ""),
        ("date", "on 2024-04-03 or thereabouts", "2024-04-03", ""),
        ("date", "am 3. M\u00e4rz 2024 unterschrieben", "2024-03-03", ""),
        ("date", "dated 03/04/2024", "", "3 April 2024 or 4 March 2024"),
        ("date", "in May 2023 until 1 June 2025", "2023-05", "Also: 1 June 2025."),
        ("date", "on 3 April each year", "04-03", "The year is not said."),
        ("date", "two years after signing", "", "No date"),
        ("amount", "a fee of USD 1,500,000.00 per year", "1500000.00 usd", ""),
        ("amount", "EUR 2 million", "2000000 eur", ""),
        ("amount", "upon thirty (30) days' notice", "30 days", ""),
        ("amount", "two years, or USD 5", "5 usd", ""),
        ("amount", "amlodipine 2.5 mg, then 5 mg daily", "2.5 mg", "Also: 5 mg."),
        ("amount", "a fee of EUR 1.240", "", "1.24 or 1240"),
        ("amount", "as agreed", "", "No amount"),
        ("number", "delivers 45 pumps", "45", ""),
        ("number", "forty-five pumps", "45", ""),
        ("number", "no pumps", "", "No number"),
        ("text", "  the law\n of   Ostravia ", "the law of Ostravia", ""),
    ],
)
def test_what_a_quote_says(kind: ColumnType, quote: str, value: str, note: str) -> None:
    read = read_value(kind, quote)
    assert read.value == value
    assert note in read.note
    assert bool(read.note) == bool(note)


@pytest.mark.parametrize(
    ("question", "quote", "value", "noted"),
    [
        ("May it be assigned?", "Neither party may assign this agreement.", "no", ""),
        ("May the contract be assigned?", "The contract may be assigned.", "yes", ""),
        (
            "May it be assigned?",
            "It shall not be assigned without consent.",
            "conditional",
            "has a",
        ),
        ("Is there a non-compete clause?", "The seller shall not compete.", "yes", ""),
        ("Is there a non-compete clause?", "There is no non-compete clause.", "no", ""),
        ("Is insurance required?", "Insurance is not required of the tenant.", "no", ""),
        ("Is exclusivity granted?", "No exclusive right is granted.", "no", ""),
        ("Does this lease contain an option?", "The lease does not contain any option.", "no", ""),
        ("Is poaching of staff forbidden?", "Neither party shall hire staff.", "", "does not say"),
        ("Does this lease contain an option?", "The tenant may renew it.", "yes", ""),
    ],
)
def test_yes_and_no(question: str, quote: str, value: str, noted: str) -> None:
    read = read_value("yes-no", quote, question)
    assert (read.value, bool(read.note)) == (value, bool(noted))
    assert noted in read.note


def test_cells_are_sorted_by_what_they_say() -> None:
    def ordered(kind: ColumnType, *values: str) -> list[str]:
        return sorted(values, key=lambda value: sort_key(kind, value))

    assert ordered("amount", "1000 usd", "", "9 usd") == ["9 usd", "1000 usd", ""]
    assert ordered("amount", "2 years", "30 months", "9 months") == [
        "9 months",
        "2 years",
        "30 months",
    ]
    assert ordered("number", "10", "9", "-1") == ["-1", "9", "10"]
    assert ordered("date", "2024-10-01", "2024-09-30", "") == ["2024-09-30", "2024-10-01", ""]
    assert ordered("text", "b", "A", "") == ["A", "b", ""]
