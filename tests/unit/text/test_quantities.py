"""Numbers and dates are compared by value, with their sign, unit and all their readings."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.text.quantities import equal, find_values, in_two_ways, missing

SAME = [
    ("1,240", "1240"),
    ("1'240", "1240"),
    ("1\u00a0240", "1240"),
    ("1\u202f240 ropes", "1240 ropes"),
    ("1.240.000", "1240000"),
    ("1.240,50 euros", "\u20ac1240.5"),
    ("1.240", "1240"),
    ("1.240", "1.24"),
    ("12.5 mg", "12,5 mg"),
    ("12.50 mg", "0.0125 g"),
    ("1\u00bd mg", "1.5 mg"),
    ("1 1/2 mg", "1,5 mg"),
    ("\u221218 degrees", "-18 \u00b0C"),
    ("minus 18 degrees", "-18\u00b0C"),
    ("24-month", "two years"),
    ("twenty-four (24) months", "24 months"),
    ("$5m", "5 million dollars"),
    ("5 mg/kg", "0.005 g/kg"),
    ("80 km/h", "80,000 m/h"),
    ("12 kV", "12000 V"),
    ("50 \u00b5g", "0.05 mg"),
    ("50 \u03bcg", "50 mcg"),
    ("2 l", "2000 ml"),
    ("30 %", "30 percent"),
    ("30 EUR", "30 \u20ac"),
    ("5 m2", "5 m\u00b2"),
    ("3 May 2024", "2024-05-03"),
    ("May 3, 2024", "3.5.2024"),
    ("3 May 2024", "03/05/2024"),
    ("3. Mai 2024", "3 mai 2024"),
    ("3 de mayo de 2024", "2024/05/03"),
    ("5/3/24", "5 March 2024"),
]
APART = [
    ("1,240", "124"),
    ("1240", "12.40"),
    ("12.5 mg", "125 mg"),
    ("12.5 mg", "1.25 mg"),
    ("12.5 mg", "12.5 g"),
    ("-18 degrees", "18 degrees"),
    ("18 \u00b0C", "18 \u00b0F"),
    ("10\u00b2", "102"),
    ("1\u00bd", "11"),
    ("5 mg", "5 mg/kg"),
    ("9 m", "9 million"),
    ("$5m", "$5k"),
    ("3 May 2024", "4 May 2024"),
    ("3 May 2024", "2024-03-05"),
    ("03/04/2024", "5 April 2024"),
    ("5 MW", "5 mW"),
    ("30 euros", "30 dollars"),
    ("5 m2", "5 m3"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_value_in_two_notations(one: str, other: str) -> None:
    (first, *_), (second, *_) = find_values(one), find_values(other)
    assert equal(first, second)
    assert missing([first], [second]) == []


@pytest.mark.parametrize(("one", "other"), APART)
def test_values_that_only_look_alike(one: str, other: str) -> None:
    assert not equal(find_values(one)[0], find_values(other)[0])


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("5-10 days", [5, 864_000]),
        ("up to 9 m wide", [9]),
        ("5 a day", [5]),
        ("16 A fuses", [16]),
        ("the 1990s", [1990]),
        ("30k people", [30_000]),
        ("items 5, 6 and 7", [5, 6, 7]),
        ("AX-4417", []),
    ],
)
def test_units_belong_to_their_numbers(text: str, amounts: list[int]) -> None:
    assert [value.amount for value in find_values(text)] == [Decimal(n) for n in amounts]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on 03/04/2024", ["03/04/2024 may be 3 April 2024 or 4 March 2024"]),
        ("on 3-4-2024", ["3-4-2024 may be 3 April 2024 or 4 March 2024"]),
        ("1.240 ropes", ["1.240 may be 1.24 or 1240"]),
        ("on 13/04/2024", []),
        ("on 04/04/2024", []),
        ("on 3.4.2024", []),
        ("3 April 2024, 1,240 ropes, 1.2405 m", []),
        ("clause 3-4-20 and 1.2.20", []),
    ],
)
def test_what_can_be_read_in_two_ways_is_said(text: str, said: list[str]) -> None:
    assert in_two_ways(text) == said
