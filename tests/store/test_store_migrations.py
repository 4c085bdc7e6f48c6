"""Old stores are brought up to date, step by step, or left exactly as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import numpy as np
import pytest

from assistant import __version__
from assistant.store import StoreKey, open_store, store_health
from assistant.store.connection import connect
from assistant.store.migrations import applied, migrate
from assistant.store.schema import MIGRATIONS, Migration
from tests.store.fixtures import make_store_0001 as old
from tests.store.fixtures import make_store_0002 as second
from tests.store.fixtures import make_store_0004 as fourth
from tests.store.fixtures import make_store_0006 as sixth


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    shutil.copyfile(old.PATH, path)
    return path


def test_the_fixture_is_a_store_of_the_first_step(old_store: Path) -> None:
    health = store_health(old_store, old.KEY)
    assert health.schema == "0001_documents"
    assert health.pending == tuple(m.name for m in MIGRATIONS[1:])
    assert health.pending
    assert (health.documents, health.chunks) == (1, 2)


def test_an_old_store_is_upgraded_with_its_content(old_store: Path) -> None:
    with open_store(old_store, old.KEY, create=False, embedder=old.EMBEDDER) as store:
        (document,) = store.documents()
        assert (document.name, document.pages, document.chunks) == ("old.pdf", 2, 2)
        assert store.page_text(1, 2) == old.TEXT[30:]
        assert [hit for hit, _ in store.search_text("warranties of goods", 5)] == [1]
        assert [hit for hit, _ in store.search_text("payment", 5)] == [2]
        assert store.search_dense(old.VECTORS[1].astype(np.float32), 1) == [(2, 1.0)]
        assert store.passages([2])[0].text == old.TEXT[30:68]
        store.forget(1)
        assert store.search_text("warranties of goods", 5) == []
    health = store_health(old_store, old.KEY)
    assert health.ok
    assert health.pending == ()


def test_a_store_from_before_the_audit_log_gets_its_place(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copyfile(second.PATH, path)
    assert store_health(path, second.KEY).pending == tuple(m.name for m in MIGRATIONS[2:])
    with open_store(path, second.KEY, create=False, embedder=second.EMBEDDER) as store:
        assert [d.name for d in store.documents()] == ["old.pdf"]
        assert (store.audit.secret(), store.audit.head()) == (None, None)
        store.audit.begin(bytes(32))
        store.audit.set_head(b"h" * 64, durable=True)
        assert (store.audit.secret(), store.audit.head()) == (bytes(32), b"h" * 64)
    assert store_health(path, second.KEY).ok


def test_a_store_from_before_several_sources_keeps_where_documents_lie(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copyfile(fourth.PATH, path)
    assert store_health(path, fourth.KEY).pending == tuple(m.name for m in MIGRATIONS[4:])
    with open_store(path, fourth.KEY, create=False, embedder=fourth.EMBEDDER) as store:
        assert store.sources() == {"/papers/b.txt": 3, "/papers/old.pdf": 2}  # the newer one's
        assert [(d.name, d.source) for d in store.documents()] == [
            ("old.pdf", ""),
            ("new.pdf", "/papers/old.pdf"),
            ("b.txt", "/papers/b.txt"),
        ]
        assert store.page_text(1, 2) == fourth.TEXT[30:]
        store.forget(1)
        store.forget(2)
        assert store.sources() == {"/papers/b.txt": 3}
    assert store_health(path, fourth.KEY).ok


def test_a_store_from_before_the_search_form_finds_its_hidden_words(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copyfile(sixth.PATH, path)
    assert store_health(path, sixth.KEY).pending == tuple(m.name for m in MIGRATIONS[6:])
    with open_store(path, sixth.KEY, create=False, embedder=sixth.EMBEDDER) as store:
        for query, chunk in (("amphibious", 1), ("certificate", 2), ("AX-4417/A", 3)):
            assert [hit for hit, _ in store.search_text(query, 5)] == [chunk]
        assert store.passages([1])[0].text == sixth.TEXT.split("\n")[0]
        store.forget(1)
        assert store.term_frequencies("amphibious certificate") == (
            0,
            {"amphibious": 0, "certificate": 0},
        )
    assert store_health(path, sixth.KEY).ok


def test_an_index_of_another_form_is_filled_anew(tmp_path: Path) -> None:
    """A program or a Python of another version folded its words otherwise."""
    path = tmp_path / "library.db"
    shutil.copyfile(sixth.PATH, path)
    open_store(path, sixth.KEY, create=False, embedder=None).close()
    connection = connect(path, sixth.KEY, cache_mib=1, busy_ms=0)
    connection.execute("UPDATE meta SET value = '0/1.1.0' WHERE name = 'search_form'")
    connection.execute("INSERT INTO text_index (text_index) VALUES ('delete-all')")
    connection.close()
    with open_store(path, sixth.KEY, create=False, embedder=sixth.EMBEDDER) as store:
        assert [hit for hit, _ in store.search_text("certificate", 5)] == [2]
        store.forget(1)
        assert store.search_text("certificate", 5) == []


def test_every_step_is_recorded(old_store: Path, key: StoreKey) -> None:
    open_store(old_store, old.KEY, create=False, embedder=None).close()
    connection = connect(old_store, old.KEY, cache_mib=1, busy_ms=0)
    rows = connection.execute("SELECT number, name, applied_at, program_version FROM migrations")
    records = rows.fetchall()
    assert [(n, name) for n, name, _, _ in records] == [
        (n, m.name) for n, m in enumerate(MIGRATIONS, 1)
    ]
    assert all("T" in at and version == __version__ for _, _, at, version in records)
    assert connection.pragma("user_version") == len(MIGRATIONS)
    assert migrate(connection) == []
    connection.close()


def test_a_step_that_fails_leaves_the_old_state(old_store: Path) -> None:
    def breaks(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE half_done (a); DELETE FROM chunks WHERE id > 99")
        connection.execute("UPDATE documents SET name = 'spoiled'")
        connection.execute("INSERT INTO nowhere VALUES (1)")

    connection = connect(old_store, old.KEY, cache_mib=1, busy_ms=0)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        migrate(connection, [*MIGRATIONS, Migration("0009_breaks", breaks)])
    assert applied(connection) == [m.name for m in MIGRATIONS]
    assert connection.pragma("user_version") == len(MIGRATIONS)
    assert not connection.table_exists("main", "half_done")
    connection.close()
    with open_store(old_store, old.KEY, create=False, embedder=None) as store:
        assert [d.name for d in store.documents()] == ["old.pdf"]


def test_names_of_steps_are_ordered_and_unique() -> None:
    names = [m.name for m in MIGRATIONS]
    assert names == sorted(set(names))
    assert all(name.startswith(f"{n:04d}_") for n, name in enumerate(names, 1))
