"""Pages that OCR has read are kept until their document is there, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.store import SqliteStore
from assistant.store.ocr_page_rows import DAYS, OcrPageRows
from assistant.types import OcrLine, OcrPage
from tests.store.test_store_contract import new

PAGE = OcrPage(1_000, (OcrLine("The dose is 250 mg.", 0.97, 10, 20, 300, 40),), 1)


def test_what_is_kept_is_read_back(store: SqliteStore) -> None:
    rows = OcrPageRows(store.pool)
    rows.keep("aa11", {1: PAGE, 3: PAGE})
    rows.keep("aa11", {3: OcrPage(5, ())})
    assert rows.kept("aa11") == {1: PAGE, 3: OcrPage(5, ())}
    assert rows.kept("bb22") == {}


def test_it_goes_when_the_document_is_added(store: SqliteStore) -> None:
    rows = OcrPageRows(store.pool)
    rows.keep("aa11", {1: PAGE})
    rows.keep("bb22", {1: PAGE})
    store.add(new("aa11"))
    assert rows.kept("aa11") == {}
    assert rows.kept("bb22") == {1: PAGE}


def test_it_goes_when_the_document_is_forgotten(store: SqliteStore) -> None:
    number = store.add(new("aa11")).id
    rows = OcrPageRows(store.pool)
    rows.keep("aa11", {1: PAGE})  # read again with --ocr always, and stopped
    store.forget(number)
    assert rows.kept("aa11") == {}


def test_what_no_document_comes_of_goes_in_the_end(store: SqliteStore) -> None:
    rows = OcrPageRows(store.pool)
    rows.keep("aa11", {1: PAGE})
    old = (datetime.now(UTC) - timedelta(days=DAYS + 1)).isoformat(timespec="seconds")
    with store.pool.writing() as connection:
        connection.execute("UPDATE ocr_pages SET kept_at = ?", (old,))
    rows.keep("bb22", {1: PAGE})
    assert rows.kept("aa11") == {}


def test_an_added_document_takes_what_is_too_old_along(store: SqliteStore) -> None:
    rows = OcrPageRows(store.pool)
    rows.keep("aa11", {1: PAGE})
    old = (datetime.now(UTC) - timedelta(days=DAYS + 1)).isoformat(timespec="seconds")
    with store.pool.writing() as connection:
        connection.execute("UPDATE ocr_pages SET kept_at = ?", (old,))
    store.add(new("bb22"))
    assert rows.kept("aa11") == {}
