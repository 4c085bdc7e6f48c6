"""A library gets the vectors of another embedder: searched meanwhile, killed, gone on with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import EmbedderMismatchError, StoreError
from assistant.ingest.re_embed import BATCH, re_embed
from assistant.store import SqliteStore, open_store, store_health
from assistant.types import CancelToken
from tests.fakes.embedder import FakeEmbedder
from tests.store.adder import EMBEDDER, KEY, add_one
from tests.store.material import ROOT
from tests.store.re_embedder import NEW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a library of some hundred chunks with the first embedder."""
    with open_store(tmp_path / "l.db", KEY, create=True, embedder=EMBEDDER.identity) as store:
        for number in range(12):
            add_one(store, "one", number)
        assert store.re_embedding is not None
    return tmp_path / "l.db"


def opened(path: Path, embedder: FakeEmbedder = EMBEDDER) -> SqliteStore:
    return open_store(path, KEY, create=False, embedder=embedder.identity)


def nearest(store: SqliteStore, embedder: FakeEmbedder, number: int) -> str:
    """Return the name of the document that is nearest to a word of document `number`."""
    ((chunk, _), *_rest) = store.search_dense(embedder.embed_query(f"item{number}"), 1)
    return store.passages([chunk])[0].document


def test_all_vectors_change_at_once(path: Path) -> None:
    with opened(path) as store:
        for event in re_embed(store.re_embedding, NEW):
            if not event.finished:  # searched as before
                assert nearest(store, EMBEDDER, 7) == "7.txt"
        assert event.finished
        assert event.done == event.total > 2 * BATCH
        # What this process knows of the library is out of date.
        with pytest.raises(StoreError, match="another embedder"):
            store.search_dense(EMBEDDER.embed_query("item7"), 1)
        with pytest.raises(StoreError, match="another embedder"):
            add_one(store, "two", 1)
    with pytest.raises(EmbedderMismatchError) as caught:
        opened(path)
    assert "re-embed" in caught.value.hint
    with opened(path, NEW) as store:
        assert [nearest(store, NEW, number) for number in (3, 7, 11)] == [
            "3.txt",
            "7.txt",
            "11.txt",
        ]
    assert store_health(path, KEY).ok


def test_a_killed_run_loses_nothing_and_is_gone_on_with(path: Path) -> None:
    command = [sys.executable, "-m", "tests.store.re_embedder", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(3)]
        child.kill()
    assert int(lines[2]) == 2 * BATCH
    assert store_health(path, KEY).ok
    again = FakeEmbedder(dimension=128, token_limit=100_000)
    with opened(path) as store:
        assert nearest(store, EMBEDDER, 7) == "7.txt"
        kept = store.re_embedding.counts()[0]
        assert kept >= 2 * BATCH
        events = list(re_embed(store.re_embedding, again))
    assert events[0].done == kept
    assert sum(map(len, again.calls)) == events[-1].total - kept
    with opened(path, NEW) as store:
        assert nearest(store, NEW, 7) == "7.txt"


def test_what_is_added_and_forgotten_meanwhile_is_seen(path: Path) -> None:
    with opened(path) as store:
        run = re_embed(store.re_embedding, NEW)
        next(run)
        next(run)
        store.forget(store.documents()[0].id)  # its new vectors are there already
        add_one(store, "later", 20)
        last = list(run)[-1]
        assert last.finished
        assert last.total == sum(record.chunks for record in store.documents())
    with opened(path, NEW) as store:
        assert nearest(store, NEW, 20) == "20.txt"


def test_a_cancel_keeps_the_old_vectors_and_another_embedder_begins_anew(path: Path) -> None:
    cancel = CancelToken()
    with opened(path) as store:
        for event in re_embed(store.re_embedding, NEW, cancel):  # noqa: B007
            cancel.cancel()
        assert not event.finished
        assert nearest(store, EMBEDDER, 7) == "7.txt"
        kept = store.re_embedding.counts()[0]
        assert 0 < kept < store.re_embedding.counts()[1]
        third = FakeEmbedder(dimension=64, token_limit=100_000, name="third")
        first = next(re_embed(store.re_embedding, third))
        assert first.done == 0


def test_a_chunk_too_long_for_the_new_embedder_is_the_mean_of_its_parts(path: Path) -> None:
    short = FakeEmbedder(dimension=64, token_limit=9, name="short")
    with opened(path) as store:
        assert list(re_embed(store.re_embedding, short))[-1].finished
    assert max(len(text.split()) for call in short.calls for text in call) <= 9
    with opened(path, short) as store:
        assert nearest(store, short, 7) == "7.txt"
