"""A reader's samples from contracts: clauses, categories and look-ups."""

from __future__ import annotations

import random
from pathlib import Path

from convert.dataset.articles import Article, Paragraph, Question
from convert.dataset.cuad import read_cuad
from convert.reader.contract_lookups import look_ups
from convert.reader.contract_questions import absent_clauses, asks_for_value, clauses, wordings
from tests.convert.reading_material import cuad_entry
from tests.convert.retrieval_material import write_json
from tests.convert.test_reader_samples import answer_of


def test_clauses_are_asked_as_people_ask(tmp_path: Path) -> None:
    path = tmp_path / "cuad.json"
    law, fire = "The laws of Bavaria govern this agreement.", "Goods are insured against fire."
    write_json(path, {"data": [
        cuad_entry("A", {"Governing Law": law, "Insurance": "", "Audit Rights": ""}),
        cuad_entry("B", {"Governing Law": "", "Insurance": fire, "Audit Rights": ""}),
    ]})  # fmt: skip
    contracts = read_cuad(path)
    found = clauses(contracts, 2, random.Random(0))
    assert {answer_of(sample) for sample in found} == {law, fire}
    own = {way for ways in wordings().values() for way in ways}
    absent = absent_clauses(contracts, 60, random.Random(0))
    assert {s.question for s in absent} & own
    for sample in absent:
        assert sample.answer is None
        asks_law = sample.question in wordings()["Governing Law"]
        assert not (asks_law and law in sample.passage)


def test_all_categories_of_cuad_have_wordings() -> None:
    found = wordings()
    assert len(found) == 41
    assert all(len(ways) >= 2 and all(w.endswith("?") for w in ways) for ways in found.values())


LOOK_UPS = (
    ("The Buyer shall pay each invoice within thirty (30) days after receipt.",
     "shall the Buyer pay each invoice?", "thirty (30) days"),
    ("Either party may terminate this Agreement upon sixty (60) days' prior written notice.",
     "terminate this Agreement", "sixty (60) days"),
    ("The Supplier shall keep all records for a period of three years.",
     "shall the Supplier keep all records?", "three years"),
    ("The Tenant must pay the Landlord a monthly rent of $2,400.50 in advance.",
     "must the Tenant pay the Landlord?", "$2,400.50"),
)  # fmt: skip


def test_a_look_up_in_a_contract_has_a_short_answer() -> None:
    law = "This Agreement is governed by the laws of the State of New York."
    texts = [sentence for sentence, _, _ in LOOK_UPS]
    clause = Question('related to "Governing Law"', 'Parts related to "Governing Law".',
                      ((0, len(law)),))  # fmt: skip
    paragraphs = tuple(Paragraph(text, 1) for text in texts)
    contract = Article("A", (*paragraphs, Paragraph(law, 1, (clause,))))
    found = {answer_of(s): s.question for n in range(8)
             for s in look_ups([contract], 99, 0.0, random.Random(n))}  # fmt: skip
    assert set(found) == {*(answer for _, _, answer in LOOK_UPS), "the State of New York"}
    for _, asked, answer in LOOK_UPS:
        assert asked in found[answer] or asked.split(" shall ")[0] in found[answer]
        assert found[answer].endswith("?")
    assert asks_for_value(found["the State of New York"])
    for sample in look_ups([contract], 99, 1.0, random.Random(0)):
        assert sample.answer is None
        assert not any(a in sample.passage for a in found if found[a] == sample.question)


def test_a_whole_clause_does_not_answer_what_asks_for_a_value(tmp_path: Path) -> None:
    path = tmp_path / "cuad.json"
    clause = "The warranty covers defects for two years."
    write_json(path, {"data": [cuad_entry("A", {"Warranty Duration": clause})]})
    contracts = read_cuad(path)
    asked = {s.question for n in range(60) for s in clauses(contracts, 1, random.Random(n))}
    own = [way for way in wordings()["Warranty Duration"] if asks_for_value(way)]
    assert own
    assert asked
    assert asked.isdisjoint(own)
