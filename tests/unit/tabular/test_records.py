"""Rows of sheets answer exactly, or not at all."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from assistant.documents.csv_table import read_csv
from assistant.tabular.record_question import RecordAnswer, answer_records
from assistant.tabular.record_rows import RecordTable, cite, tables_of
from assistant.types import AS_FOUND, DocumentRecord, Page, PageStart, Passage

LEAVE = """Employee,Name,Days of leave left,Joined,Salary
4711,Ada Quill,12.5,2020-03-01,EUR 4100.50
4712,Ben Orrin,7,2021-04-15,EUR 3900
4713,Cy Marsh,0,2019-11-30,EUR 5000
4714,Dee Marsh,21,2021-04-15,EUR 3900
"""
RATES = "Date,Rate,Bank\n2024-03-11,1.08,Hull\n2024-03-12,1.09,Hull\n2024-03-13,1.11,Hull\n"


def tables(*texts: str) -> list[RecordTable]:
    found: list[RecordTable] = []
    for number, text in enumerate(texts, 1):
        parsed = read_csv(bytearray(text.encode()), "csv", AS_FOUND)
        name = f"sheet{number}.csv"
        record = DocumentRecord(number, name, "", "text/csv", "", "", 1, len(text), 1, "")
        found += tables_of(record, [Page(1, parsed.text, "page 1")])
        PASSAGES[number] = Passage(
            number, number, name, "", 0, len(parsed.text), parsed.text, (PageStart(1, 0),),
            parsed.locators,
        )  # fmt: skip
    return found


PASSAGES: dict[int, Passage] = {}


def asked(question: str, *texts: str) -> RecordAnswer | None:
    return answer_records(question, tables(*(texts or (LEAVE, RATES))))


@pytest.mark.parametrize(
    ("question", "answer", "places"),
    [
        ("How many days of leave has employee 4711 left?", "12.5", ["line 2"]),
        ("How many days of leave does Ben Orrin have left?", "7", ["line 3"]),
        ("What is the salary of Cy Marsh?", "EUR 5000", ["line 4"]),
        ("What was the rate on 12 March 2024?", "1.09", ["line 3"]),
        ("What was the rate on 12 March?", "1.09", ["line 3"]),
        (
            "What is the total of the days of leave left?",
            "40.5",
            ["line 2", "line 3", "line 4", "line 5"],
        ),
        (
            "What is the sum of the salary?",
            "16900.50 eur",
            ["line 2", "line 3", "line 4", "line 5"],
        ),
        ("What is the lowest salary?", "EUR 3900", ["line 3", "line 5"]),
        ("What is the highest rate?", "1.11", ["line 4"]),
        ("What is the latest joined?", "2021-04-15", ["line 3", "line 5"]),
        ("What is the earliest joined?", "2019-11-30", ["line 4"]),
        ("Who is the name of employee 4714?", "Dee Marsh", ["line 5"]),
        ("What is the average salary?", "4225.125 eur", ["line 2", "line 3", "line 4", "line 5"]),
    ],
)
def test_a_question_of_the_rows(question: str, answer: str, places: list[str]) -> None:
    found = asked(question)
    assert found is not None
    assert (found.text, found.refused) == (answer, False)
    own = [PASSAGES[found.cells[0].document_id]]
    cited = cite(found.cells, own)
    assert [place.label for place in cited] == places
    for place in cited:
        assert place.text == own[0].text[place.start : place.end]


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty?",
        "How many days of leave does the law grant?",
        "What is the salary of Eve Hull?",
        "Which law governs?",
        "What was the rate on 14 March 2024?",
    ],
)
def test_a_question_of_something_else_is_left_to_others(question: str) -> None:
    assert asked(question) is None


@pytest.mark.parametrize(
    ("question", "text", "why"),
    [
        ("What is the salary of Marsh?", "Name,Salary\nMarsh,5\nMarsh,6\n", "rows fit"),
        ("What is the salary?", LEAVE, "which row"),
        ("What is the sum of the fee?", "Item,Fee\na,5\nb,about 7\n", "'about 7'"),
        ("What is the sum of the fee?", "Item,Fee\na,5\nb,1.240\n", "'1.240'"),
        ("What is the sum of the fee?", "Item,Fee\na,5\nb,(7)\n", "'(7)'"),
        ("What is the sum of the fee?", "Item,Fee\na,USD 5\nb,EUR 7\n", "different units"),
        ("What is the sum of the fee?", "Item,Fee\na,5\nb,\nc,6\n", "certainty"),
        ("What is the sum of the fee?", "Item,Fee,Note\na,5,x\nb,,y\n", "1 rows have no 'Fee'"),
        ("What is the sum of the fee?", "Item,Fee,Note\na,5,x\nb,6,y | z\n", "certainty"),
        ("What is the sum of the fee?", "Item,Fee,Note\na,5,Fee: 9 | Fee: 8\nb,6,y\n", "certainty"),
        ("What is the latest day?", "Item,Day\na,03/04/2024\nb,2024-05-01\n", "'03/04/2024'"),
        ("What is the average fee?", "Item,Fee\na,1\nb,2\nc,2\n", "mean of 3"),
        ("What is the sum of the fee in Hull?", "Item,Fee\na,1\nb,2\n", "'hull'"),
    ],
)  # fmt: skip
def test_what_is_not_exact_is_refused(question: str, text: str, why: str) -> None:
    found = asked(question, text)
    assert found is not None
    assert found.refused, found.text
    assert why in found.text


def test_made_records_are_exact_or_refused() -> None:
    """Sixty questions over made rows: what is said is what Python computes, or nothing is."""
    draw = random.Random(16)
    answered = 0
    for number in range(60):
        names = draw.sample("ada ben cyd dee eve fay gus hal ida jon".split(), 6)
        amounts = [Decimal(draw.randrange(-500, 9000)) / 4 for _ in names]
        text = "Person,Hours,Code\n" + "".join(
            f"{name},{amount},{number}{n:03}\n"
            for n, (name, amount) in enumerate(zip(names, amounts, strict=True))
        )
        person = draw.randrange(6)
        question, right = draw.choice(
            [
                (f"How many hours has {names[person]}?", amounts[person]),
                ("What is the sum of the hours?", sum(amounts)),
                ("What are the fewest hours?", min(amounts)),
                ("What are the highest hours?", max(amounts)),
                (f"How many hours has code {number}{person:03}?", amounts[person]),
            ]
        )
        found = asked(question, text)
        assert found is not None, question
        if not found.refused:
            answered += 1
            assert Decimal(found.text) == right, (question, text)
    assert answered >= 50
