"""Pairs of sentences that contradict each other, agree, or speak of different things."""

from __future__ import annotations

import pytest

from assistant.answering.contradictions import disagreement

CONTRADICTING = [
    ("How long is the warranty on the pumps?",
     "The Supplier warrants the pumps for 24 months from delivery.",
     "The Supplier warrants the pumps for 36 months from delivery.", "number"),
    ("How long is the warranty on the pumps?",
     "The warranty on the pumps lasts two years.",
     "The warranty on the pumps is 36 months.", "number"),
    ("Within how many days are invoices payable?",
     "Invoices are payable within 30 days of receipt.",
     "Invoices are payable within sixty days of receipt.", "number"),
    ("What is the liability cap?",
     "The liability cap is $1,000,000 per claim.",
     "The liability cap is USD 500,000 per claim.", "number"),
    ("What interest is due on late payment?",
     "Late payment bears interest of 1.5% per month.",
     "Late payment bears interest of 2 percent per month.", "number"),
    ("When does the agreement end?",
     "The agreement ends on 31 March 2024.",
     "The agreement ends on March 31, 2025.", "date"),
    ("When was the company founded?",
     "The company was founded in 1998.",
     "The company was founded in 2001.", "date"),
    ("When must the report be filed?",
     "The report must be filed by 5 May.",
     "The report must be filed by 15 May.", "date"),
    ("Who delivers the seals?",
     "The seals are delivered by Siemens.",
     "The seals are delivered by Bosch.", "name"),
    ("Where is the main office?",
     "The main office of the company is in Hamburg.",
     "The main office of the company is in Munich.", "name"),
    ("Which law governs the contract?",
     "The contract is governed by the law of Delaware.",
     "The contract is governed by the law of Texas.", "name"),
    ("May the tenant sublet the premises?",
     "The tenant may sublet the premises.",
     "The tenant may not sublet the premises.", "negation"),
    ("Is the supplier liable for indirect damage?",
     "The Supplier is liable for indirect damage.",
     "The Supplier shall not be liable for indirect damage.", "negation"),
    ("Can the drug be given to children?",
     "The drug can be given to children with fever.",
     "The drug cannot be given to children with fever.", "negation"),
    ("Is prior consent required for an assignment?",
     "An assignment is allowed with prior consent.",
     "An assignment is allowed without prior consent.", "negation"),
    ("Is subletting allowed?",
     "Subletting of the flat is allowed.",
     "Subletting of the flat is prohibited.", "negation"),
    ("What is the daily dose of the drug?",
     "The daily dose of the drug is 5 mg.",
     "The daily dose of the drug is 0.05 g.", "number"),
    ("How often is the oil of the pump changed?",
     "The oil of the pump is changed every six months.",
     "The oil of the pump is changed every 12 months.", "number"),
]  # fmt: skip

AGREEING = [
    ("How long is the warranty on the pumps?",
     "The Supplier warrants the pumps for 24 months from delivery.",
     "The Supplier warrants the pumps for two years from delivery."),
    ("How long is the warranty on the pumps?",
     "The warranty on the pumps is twenty-four (24) months.",
     "The warranty on the pumps lasts 24 months, counted from delivery."),
    ("Within how many days are invoices payable?",
     "Invoices are payable within 14 days.",
     "Invoices are payable within two weeks of receipt."),
    ("When does the agreement end?",
     "The agreement ends on 31 March 2024.",
     "On March 31st, 2024 the agreement ends."),
    ("What is the liability cap?",
     "The liability cap is $1.5 million.",
     "The liability cap is USD 1,500,000 in all."),
    ("What interest is due on late payment?",
     "Late payment bears interest of 1.5% per month.",
     "Late payment bears interest of 1.5 per cent per month."),
    ("What is the daily dose of the drug?",
     "The daily dose of the drug is 500 mg.",
     "The daily dose of the drug is 0.5 g."),
    ("Is the supplier liable for indirect damage?",
     "The Supplier is not liable for indirect damage.",
     "The Supplier shall never be liable for indirect damage."),
    ("Who delivers the seals?",
     "The seals are delivered by Siemens.",
     "The seals are delivered by SIEMENS in boxes."),
    ("May the tenant sublet the premises?",
     "The tenant may not sublet the premises.",
     "The tenant can't sublet the premises."),
    ("When was the company founded?",
     "The company was founded in 1998.",
     "The company was founded on 5 March 1998."),
]  # fmt: skip

DIFFERENT = [
    ("How long is the warranty on the pumps?",
     "The Supplier warrants the pumps for 24 months from delivery.",
     "The Supplier warrants the seals for 36 months from delivery."),
    ("How long is the warranty on the pumps?",
     "The warranty on the pumps is 24 months.",
     "Claims under the warranty on the pumps are made within 14 days."),
    ("What was the revenue of the company?",
     "In 2019 the revenue of the company was $5 million.",
     "In 2020 the revenue of the company was $6 million."),
    ("How many people live in Houston?",
     "Houston has 2.3 million people within the city limits.",
     "Houston has 6 million people in its metropolitan area."),
    ("Who delivers the seals?",
     "The seals are delivered by Siemens.",
     "The valves are delivered by Bosch."),
    ("When was Chopin born?",
     "Chopin was born in 1810.",
     "Chopin died in 1849."),
    ("What is the fee?",
     "The fee for adults is 20 euros.",
     "The fee for children is 10 euros."),
    ("May the tenant sublet the premises?",
     "The tenant may sublet the premises.",
     "The landlord may not enter the premises."),
    ("Who wrote the report?",
     "The report was written by the nurse in 12 days.",
     "The report was written by the nurse in 14 days."),
    ("How much is the reminder fee?",
     "2.1 If an invoice is late, a reminder fee of 40 crowns is due.",
     "3.1 If an invoice is late, a reminder fee of 40 crowns is due."),
    ("How much is the reminder fee?",
     "2 The reminder fee is 40 crowns.",
     "3 The reminder fee is forty crowns."),
    ("How much is the deposit?",
     "The deposit is two monthly rents.",
     "The rent is paid on the third day of each month."),
    ("What is the maximum dose?",
     "The maximum dose is 40 mg for adults under 65.",
     "The maximum dose is 20 mg for patients over 65."),
]  # fmt: skip


@pytest.mark.parametrize(("question", "one", "other", "kind"), CONTRADICTING)
def test_contradicting(question: str, one: str, other: str, kind: str) -> None:
    for pair in ((one, other), (other, one)):
        found = disagreement(question, *pair)
        assert found is not None
        assert found.kind == kind
        assert found.values[0] != found.values[1]


@pytest.mark.parametrize(("question", "one", "other"), AGREEING + DIFFERENT)
def test_not_contradicting(question: str, one: str, other: str) -> None:
    assert disagreement(question, one, other) is None
    assert disagreement(question, other, one) is None


def test_the_values_are_said_in_the_order_of_the_sentences() -> None:
    question, one, other, _ = CONTRADICTING[0]
    found = disagreement(question, one, other)
    assert found is not None
    assert found.values == ("24 months", "36 months")
