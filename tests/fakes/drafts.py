"""A library that gives every kind of question, and suites drafted from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.types import DocumentRecord
from tests.fakes.workspace import FakeWorkspace

AGREEMENT = (
    """SUPPLY AGREEMENT

This agreement is made between Northfield Pumps Ltd, of 8 Foundry Row (the "Supplier"), and
the Harbour Clinic Trust (the "Buyer").

1 Definitions
1.1 "Spare Parts" means the parts listed in part B of the Annex.
1.2 "Site" means a place named in an order to which Goods are to be delivered.
1.3 "Price" shall have the meaning given in Section 9.

2 Delivery
2.1 The Supplier shall deliver Pumps within 30 Business Days of the confirmation of the
Order.
2.2 If a Pump fails the test, the Supplier shall repair or replace it within fifteen (15)
days, and the test is repeated.
""",
    """3 Warranty
3.1 The warranty on the Pumps lasts 24 months from the date of delivery.
3.2 It is not lost because the Buyer opens a cover, and this holds for 12 months.
3.3 The prices are fixed until 31 March 2026 and do not include value added tax.

4 Insurance and liability
4.1 The Supplier shall keep product liability insurance for each event and shall show the
certificate once in every calendar year at its own cost.
""",
)
MANUAL = """# Pump manual

## Finding the fault

| Code | Likely cause | Measure |
|------|--------------|---------|
| E1 | Run capacitor failed | Replace it |
| E2 | Air in the suction hose | Prime the pump |
| E3 | Strainer blocked | Clean the strainer |

## Priming the pump

1. Switch off and lock the switch.
2. Open the filler plug on top of the casing.
3. Fill the casing with 2.5 litres of clean water.

## Storage and frost

Drain the pump completely when frost is expected. A pump in store is turned by hand once
every 30 days.
"""
ROSTER = """Ward      Nurse       Telephone
North     Ann Lee     411
South     Ben Okoye   422
East      Cy Marsh    433
"""
LIBRARY = {"agreement.pdf": AGREEMENT, "manual.md": (MANUAL,), "roster.txt": (ROSTER,)}


class TitledWorkspace(FakeWorkspace):
    """A fake library whose documents have titles: their names without the ending."""

    def documents(self) -> list[DocumentRecord]:
        return [replace(r, title=Path(r.name).stem.title()) for r in super().documents()]


def library(**pages: tuple[str, ...]) -> TitledWorkspace:
    """The library above, or one of the pages given, by the documents' names."""
    return TitledWorkspace(pages=pages or LIBRARY, forbidden=-1)


def drafted(**changes: Any) -> dict[str, Any]:
    """A line as `assistant eval draft` writes it; a key set to None is left out."""
    page = AGREEMENT[1]
    start = page.index("24 months")
    text = {"text": "24 months", "start": start, "end": start + len("24 months")}
    line = {
        "id": "d001",
        "question": "How many months does the warranty last?",
        "answers": ["24 months"],
        "spans": [{"document": "agreement.pdf", "page": 2, **text}],
        "note": "cloze, 0.86",
        "review": "draft",
    }
    return {key: value for key, value in (line | changes).items() if value is not None}


def read_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="ascii").splitlines()
    return [json.loads(line) for line in lines if line]
