"""A summary quotes the key sentence of each part of a document, the same one every time."""

from __future__ import annotations

import pytest

from assistant.answering.strategies.named_document import document_meant
from assistant.answering.summary import summarise
from assistant.types import DocumentRecord, PageStart, Passage

PARTS = {
    "Term": "This lease runs for five years. It can be renewed. The parties may write letters.",
    "Rent": "Rent is due on the first day of each month. The rent is 900 crowns a month. "
    "Rent that is late by a week costs interest.",
    "Pets": "Dogs are welcome in the house. Cats are welcome too. Dogs must be kept on a lead.",
}


def passages(parts: dict[str, str], title: str = "Lease > ") -> list[Passage]:
    found, at = [], 0
    for number, (heading, text) in enumerate(parts.items(), 1):
        page = (PageStart(number, at),)
        path = f"{title}{heading}" if heading.strip() else ""
        found.append(Passage(number, 1, "lease.txt", path, at, at + len(text), text, page))
        at += len(text)
    return found


def record(number: int, name: str, title: str = "") -> DocumentRecord:
    return DocumentRecord(
        number, name, name, "text/plain", f"{number}", title, 1, 9, 1, "2026-01-01"
    )


def test_each_part_is_quoted_in_order_with_its_place() -> None:
    found = summarise(passages(PARTS))
    assert [part.heading for part in found] == ["Term", "Rent", "Pets"]
    for number, part in enumerate(found, 1):
        (sentence,) = part.sentences
        assert sentence.text in PARTS[part.heading]
        assert [quote.page for quote in sentence.quotes] == [number]
    assert "rent" in found[1].sentences[0].text.lower()


def test_it_is_the_same_every_time_and_longer_where_more_is_wanted() -> None:
    assert summarise(passages(PARTS)) == summarise(passages(PARTS))
    assert [len(part.sentences) for part in summarise(passages(PARTS), each=2)] == [2, 2, 2]


def test_a_document_without_headings_is_cut_evenly() -> None:
    many = {" " * n: f"The pump of house {n} is new. It pumps {n} litres." for n in range(1, 31)}
    found = summarise(passages(many), parts=10)
    assert len(found) == 10
    assert all(part.heading == "" for part in found)


def test_too_many_parts_are_taken_together_a_level_higher() -> None:
    deep = {f"{n // 10} Chapter > {n} Clause": f"Clause {n} is about pump {n}." for n in range(40)}
    assert len(summarise(passages(deep), parts=12)) == 4


def test_a_heading_alone_and_an_empty_document_say_nothing() -> None:
    assert summarise([]) == ()
    (part,) = summarise(passages({"Rent of the flat": "Rent of the flat. We pay 900 crowns."}))
    assert part.sentences[0].text == "We pay 900 crowns."


LIBRARY = (
    record(1, "supply-contract.pdf", "Supply Agreement"),
    record(2, "contract-amendment.pdf", "Amendment No. 1 to the Supply Agreement"),
    record(3, "QP40_RepairManual.md"),
)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Summarise the supply agreement", [1]),
        ("Summarise the supply contract", [1]),
        ("Can you give me a short summary of supply-contract.pdf?", [1]),
        ("Summarise the amendment, please", [2]),
        ("What is the repair manual about?", [3]),
        ("Summarise the contract", [1, 2]),
        ("Summarise this document", [1, 2, 3]),
    ],
)
def test_the_document_that_is_named_is_found(question: str, meant: list[int]) -> None:
    found = document_meant(question, LIBRARY)
    assert [record.id for record in found.documents] == meant
    assert not found.more


def test_a_question_for_more_than_the_document_is_no_summary() -> None:
    assert document_meant("Summarise the duties of the buyer in the supply contract", LIBRARY).more
