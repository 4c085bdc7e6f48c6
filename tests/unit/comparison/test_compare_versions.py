"""Thirty made pairs of versions with known edits: all are found, and none is invented."""

from __future__ import annotations

import random
import textwrap
from collections import Counter

import pytest

from assistant.comparison import compare_versions, document_text
from assistant.types import DocumentRecord, Page, Passage
from assistant.types.comparison import Comparison

CLAUSES = (
    "The Supplier shall deliver the pumps to the yard of the Buyer within 30 days of the order.",
    "The Buyer shall pay each invoice within 45 days of receiving it.",
    "Interest on late payments is 6 % a year, counted from the day after the invoice was due.",
    "The warranty on the pumps lasts 24 months from the date of delivery.",
    "Wear parts such as seals, hoses and filters are excluded from the warranty.",
    "Either party may end this agreement by giving 90 days' notice in writing.",
    "The liability of each party in a calendar year is limited to 250,000 crowns.",
    "Neither party may assign this agreement without the written consent of the other.",
    "Disputes are settled by the courts of Orrindale, whose law applies.",
    "Each party keeps secret what it learns of the other's business, patients and staff.",
    "The Supplier answers the service telephone on business days between 07:00 and 19:00.",
    "Title in the goods passes to the Buyer when their price has been paid in full.",
    "A notice is delivered by hand or by registered post to the address given above.",
    "The Buyer inspects the goods within ten days and tells the Supplier of any defect.",
)
NEW = (
    "The Supplier keeps spare parts for at least eight years after the last delivery.",
    "The Buyer trains two of its staff to replace the shaft seal.",
    "All packaging is taken back by the Supplier free of charge.",
)
WORDS = {
    "30 days": "14 days", "45 days": "60 days", "24 months": "36 months", "90 days'": "30 days'",
    "250,000": "500,000", "by hand or": "by electronic mail or", "without the": "with the",
    "free": "at a charge", "ten days": "five days", "in full": "by half", "6 %": "9 %",
}  # fmt: skip


def printed(clauses: list[str], width: int, lines: int) -> list[str]:
    """Number the clauses and print them on pages, broken as a typesetter would."""
    text = [
        line
        for number, clause in enumerate(clauses, 1)
        for line in [*textwrap.wrap(f"{number}. {clause}", width), ""]
    ]
    return ["\n".join(text[n : n + lines]) + "\n" for n in range(0, len(text), lines)]


def whole(pages: list[str], number: int) -> Passage:
    record = DocumentRecord(
        number, f"v{number}.txt", "", "text/plain", "", "", len(pages), 9, 1, ""
    )
    return document_text(record, lambda _, n: Page(n, pages[n - 1], f"page {n}"))


def edited(rng: random.Random) -> tuple[list[str], list[str], Counter[str], set[str]]:
    """Return two versions, how many changes of each kind there are, and their words."""
    old = rng.sample(CLAUSES, 10)
    new = list(old)
    made: Counter[str] = Counter()
    said: set[str] = set()
    changeable = [c for c in new if any(w in c for w in WORDS)]
    for clause in rng.sample(changeable, min(len(changeable), rng.randint(0, 3))):
        word = next(w for w in WORDS if w in clause)
        new[new.index(clause)] = clause.replace(word, WORDS[word])
        made["changed"] += 1
        said.add(clause.replace(word, WORDS[word]))
    for clause in rng.sample([c for c in new if c in old], rng.randint(0, 2)):
        new.remove(clause)
        made["dropped"] += 1
        said.add(clause)
    for clause in rng.sample(NEW, rng.randint(0, 2)):
        new.insert(rng.randrange(len(new) + 1), clause)
        made["added"] += 1
        said.add(clause)
    return old, new, made, said


def said_of(found: Comparison) -> set[str]:
    kept = [c for c in found.changes if c.kind != "renumbered"]
    return {(c.new_text or c.old_text).split(". ", 1)[1] for c in kept}


@pytest.mark.parametrize("seed", range(30))
def test_all_edits_are_found_and_none_is_invented(seed: int) -> None:
    rng = random.Random(seed)
    old, new, made, said = edited(rng)
    before = whole(printed(old, rng.choice((50, 70, 90)), rng.choice((9, 14, 40))), 1)
    after = whole(printed(new, rng.choice((50, 70, 90)), rng.choice((9, 14, 40))), 2)
    found = compare_versions(before, after)
    counts = Counter(c.kind for c in found.changes if c.kind != "renumbered")
    assert counts == made
    assert said_of(found) == said
    for change in found.changes:
        for quotes, passage in ((change.old, before), (change.new, after)):
            for quote in quotes:
                starts = {page.number: page.start for page in passage.pages}
                at = starts[quote.page]
                assert passage.text[at + quote.start : at + quote.end] == quote.text


def test_a_changed_word_is_shown_beside_what_it_was() -> None:
    found = compare_versions(
        whole(["Pay within 45 days of receipt of the invoice.\n"], 1),
        whole(["Pay within 60 days of receipt of the invoice.\n"], 2),
    )
    (change,) = found.changes
    assert [(word.old, word.new) for word in change.words] == [("45", "60")]


def test_a_clause_that_stands_elsewhere_was_moved() -> None:
    clauses = list(CLAUSES[:8])
    moved = [*clauses[1:], clauses[0]]
    found = compare_versions(whole(printed(clauses, 70, 40), 1), whole(printed(moved, 70, 40), 2))
    kinds = Counter(change.kind for change in found.changes)
    assert kinds["moved"] == 1
    assert kinds["renumbered"] == 7
    assert kinds.total() == 8


def test_the_same_text_in_other_lines_is_the_same() -> None:
    found = compare_versions(
        whole(printed(list(CLAUSES), 40, 7), 1), whole(printed(list(CLAUSES), 90, 60), 2)
    )
    assert found.changes == ()
    assert found.unchanged == len(CLAUSES)


def test_nothing_in_common_and_nothing_at_all() -> None:
    assert compare_versions(whole([""], 1), whole([""], 2)) == Comparison((), 0)
    found = compare_versions(whole(["Cats purr.\n"], 1), whole(["Rent is 900 crowns.\n"], 2))
    assert Counter(c.kind for c in found.changes) == {"added": 1, "dropped": 1}
