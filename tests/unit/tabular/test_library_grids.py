"""A grid is filled, goes on where it was stopped, and keeps what a person says."""

from __future__ import annotations

import pytest

from assistant.errors import ModelError, UsageError
from assistant.tabular import library_grids
from assistant.tabular.library_grids import LibraryGrids
from assistant.types import CancelToken
from assistant.types.tabular import (
    Column,
    GridFinished,
    GridSpec,
    GridStarted,
    RowGone,
    RowRead,
)
from tests.fakes.grids import FakeGridStore
from tests.fakes.reader import FakeReader
from tests.unit.tabular.grids import DUTIES, FEE, LAW, Made


def values(made: Made) -> list[list[str]]:
    return [[cell.value for cell in row.cells] for row in made.grids.load("deals").rows]


def test_each_document_is_asked_each_question() -> None:
    made = Made()
    *_, finished = events = made.fill(LAW, FEE, DUTIES)
    assert values(made) == [
        ["Ostravia", "1500 usd", ""],
        ["law of Hull", "", "Pay rent; Keep quiet; Keep the keys"],
        ["", "", ""],
    ]
    assert events[0] == GridStarted(3, 9, 0)
    assert isinstance(finished, GridFinished)
    assert (finished.read, finished.cancelled, finished.grid.unread) == (9, False, 0)
    assert [n for e in events if isinstance(e, RowRead) for n in (e.done, e.total)] == [
        3,
        9,
        6,
        9,
        9,
        9,
    ]
    states = [[cell.state for cell in row.cells] for row in finished.grid.rows]
    assert states == [
        ["found", "found", "absent"],
        ["found", "absent", "found"],
        ["absent", "absent", "absent"],
    ]


def test_a_cell_quotes_the_sentence_on_its_page() -> None:
    made = Made()
    made.fill(LAW, FEE)
    law, fee = made.grids.load("deals").rows[0].cells
    (quote,) = law.quotes
    assert (quote.document, quote.page, quote.text) == ("a.txt", 2, "The law of Ostravia governs.")
    assert (fee.quotes[0].page, fee.quotes[0].text) == (3, "The fee is USD 1,500.")
    assert fee.confidence > 0.9
    second = fee.others[0]
    assert (second.value, second.places[0].page) == ("", 1)
    assert "No amount" in second.note


def test_only_what_is_missing_is_read() -> None:
    made = Made()
    made.fill(LAW, documents=["a.txt"])
    made.reader.asked.clear()
    events = made.fill(LAW, FEE)
    assert events[0] == GridStarted(3, 6, 1)
    assert [question for question, _ in made.reader.asked].count(LAW.question) == 2
    made.reader.asked.clear()
    (started, _) = made.fill(LAW, FEE)
    assert started == GridStarted(3, 6, 6)
    assert made.reader.asked == []
    made.fill(Column("Named otherwise", LAW.question), FEE)
    assert made.reader.asked == []
    assert made.fill(LAW, FEE, again=True)[0] == GridStarted(3, 6, 0)


def test_another_reader_reads_all_but_what_was_reviewed() -> None:
    made = Made()
    made.fill(LAW)
    made.grids.review("deals", 1, "law", "accepted")
    made.version = "b" * 64  # better weights under the same name
    assert made.fill(LAW)[0] == GridStarted(3, 3, 1)
    first, second, _ = (row.cells[0] for row in made.grids.load("deals").rows)
    assert (first.reader, first.review) == ("fake-reader@aaaaaaaaaaaa", "accepted")
    assert second.reader == "fake-reader@bbbbbbbbbbbb"


def test_a_cancel_keeps_what_was_read() -> None:
    made, token = Made(), CancelToken()
    spec = GridSpec("deals", (LAW, FEE))
    events = made.grids.fill(spec, token)
    for event in events:
        if isinstance(event, RowRead):
            token.cancel()
            break
    finished = list(events)[-1]
    assert isinstance(finished, GridFinished)
    assert (finished.cancelled, finished.read, finished.grid.unread) == (True, 2, 4)
    assert made.fill(LAW, FEE)[0] == GridStarted(3, 6, 2)


def test_cells_of_a_long_document_are_kept_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_grids, "COMMIT_SECONDS", -1.0)
    made = Made()
    made.fill(LAW, FEE, DUTIES, documents=["a.txt"])
    assert made.state.commits == [(1, 1), (1, 1), (1, 1)]


def test_a_document_that_is_forgotten_meanwhile_is_told() -> None:
    made = Made()
    made.state.gone.add(2)
    events = made.fill(LAW)
    assert [e.document.name for e in events if isinstance(e, RowGone)] == ["b.txt"]
    finished = events[-1]
    assert isinstance(finished, GridFinished)
    assert finished.read == 2


def test_a_cell_with_very_many_quotes_is_counted() -> None:
    text = " ".join(f"Duty {n} is to be done." for n in range(200))
    made = Made({"long.txt": [f"{text[at : at + 40]}\n" for at in range(0, len(text), 40)]})
    asked = {f"Duty {n} is": 3.0 for n in range(200)}
    made.reader = FakeReader({DUTIES.question: asked})
    made.fill(DUTIES)
    cell = made.grids.load("deals").rows[0].cells[0]
    assert len(cell.items) == 50
    assert cell.more > 0
    starts = [item.places[0].page for item in cell.items]
    assert starts == sorted(starts)


def test_without_a_reader_nothing_is_made() -> None:
    made = Made()
    grids = LibraryGrids(
        FakeGridStore(made.records, made.texts), made.state, lambda: None, made.judge
    )
    with pytest.raises(ModelError, match="no reader"):
        list(grids.fill(GridSpec("deals", (LAW,))))
    assert made.grids.names() == []


# Reviews -------------------------------------------------------------------------------


def test_what_is_accepted_or_rejected_is_feedback() -> None:
    made = Made()
    made.fill(LAW, FEE)
    cell = made.grids.review("deals", 1, "Law", "accepted")
    assert (cell.review, cell.value) == ("accepted", "Ostravia")
    given = made.judge.kept[cell.feedback_id]
    assert (given.question, given.verdict, given.model) == (
        "Which law governs? (a.txt)", "right", "fake-reader",
    )  # fmt: skip
    assert [quote.text for quote in given.quotes] == ["The law of Ostravia governs."]
    absent = made.grids.review("deals", 3, "Law", "accepted")
    assert made.judge.kept[absent.feedback_id].abstained
    rejected = made.grids.review("deals", 2, "Law", "rejected")
    assert made.judge.kept[rejected.feedback_id].verdict == "wrong"


def test_a_correction_is_looked_for_in_its_document() -> None:
    made = Made()
    made.fill(LAW)
    placed = made.grids.review("deals", 2, "Law", "corrected", " Keep   quiet ")
    assert placed.value == "Keep quiet"
    given = made.judge.kept[placed.feedback_id].correction
    assert given is not None
    assert given.places[0].document == "b.txt"
    own = made.grids.review("deals", 2, "Law", "corrected", "that of Hull")
    assert (own.value, own.quotes) == ("that of Hull", ())
    assert list(made.judge.kept) == [2]  # the one before was taken back
    gone = made.grids.review("deals", 1, "Law", "corrected", "-")
    given = made.judge.kept[gone.feedback_id].correction
    assert given is not None
    assert (given.unanswerable, gone.value) == (True, "")
    assert values(made) == [[""], ["that of Hull"], [""]]


def test_a_review_is_taken_back() -> None:
    made = Made()
    made.fill(LAW)
    before = made.grids.load("deals").rows[1].cells[0]
    made.grids.review("deals", 2, "Law", "corrected", "Keep quiet")
    assert made.grids.review("deals", 2, "Law", "") == before
    assert made.judge.kept == {}
    kept = made.grids.review("deals", 2, "Law", "accepted")
    made.judge.kept.clear()  # by hand: assistant feedback remove
    assert made.grids.review("deals", 2, "Law", "") == before
    assert kept.feedback_id > 0


def test_what_can_not_be_reviewed_is_told() -> None:
    made = Made()
    made.fill(LAW, documents=["a.txt"])
    for document, column in ((2, "Law"), (1, "Fee"), (9, "Law")):
        with pytest.raises(UsageError, match="no cell"):
            made.grids.review("deals", document, column, "accepted")
    with pytest.raises(UsageError, match="correction is empty"):
        made.grids.review("deals", 1, "Law", "corrected", "  ")
    made.state.gone.add(1)
    with pytest.raises(UsageError, match="forgotten meanwhile"):
        made.grids.review("deals", 1, "Law", "accepted")
    assert made.judge.kept == {}
