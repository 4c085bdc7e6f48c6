"""An ingest that is cancelled, and what it shows while it works."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.ingest.ingester import BATCH
from assistant.types import (
    CancelToken,
    FileProgress,
    IngestEvent,
    IngestFinished,
)
from tests.fakes.embedder import FakeEmbedder
from tests.unit.ingest.test_ingester import SENTENCE, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "documents")


def test_cancel_before_the_first_file(bench: Bench) -> None:
    bench.write("a.txt", "Words.")
    token = CancelToken()
    token.cancel()
    assert bench.events(cancel=token) == [IngestFinished(0, 0, 0, cancelled=True)]


def test_cancel_between_batches_keeps_what_was_committed(bench: Bench) -> None:
    bench.write("a.txt", "Words.")
    bench.write("b.txt", "".join(f"Number {n}: {SENTENCE}\n\n" for n in range(600)))
    token = CancelToken()
    seen: list[IngestEvent] = []
    for event in bench.ingester().add([bench.folder], token):
        seen.append(event)
        if isinstance(event, FileProgress) and event.index == 1 and event.done == BATCH:
            token.cancel()
    assert seen[-1] == IngestFinished(added=1, known=0, failed=0, cancelled=True)
    assert [r.name for r in bench.store.documents()] == ["a.txt"]
    assert sum(len(call) for call in bench.embedder.calls[1:]) == BATCH


def test_cancel_while_a_file_is_parsed(tmp_path: Path) -> None:
    token = CancelToken()
    bench = Bench(tmp_path / "documents", before=lambda _path: token.cancel())
    bench.write("a.txt", SENTENCE)
    events = bench.events(cancel=token)
    assert events[-1] == IngestFinished(0, 0, 0, cancelled=True)
    assert bench.store.documents() == []


def test_cancel_while_a_long_text_is_chunked(bench: Bench) -> None:
    token = CancelToken()
    counted: list[int] = []

    class Slow(FakeEmbedder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            counted.append(len(texts))
            token.cancel()
            return super().count_tokens(texts)

    bench.embedder = Slow()
    bench.write("a.txt", SENTENCE * 8000)
    assert bench.events(cancel=token)[-1] == IngestFinished(0, 0, 0, cancelled=True)
    assert len(counted) == 1
    assert counted[0] < 8000


def test_progress_is_shown_while_a_long_text_is_chunked(bench: Bench) -> None:
    bench.settings = Settings(data_dir=bench.folder / "data", max_file_mb=3)
    text = "word " * 400_000
    seen = [
        (event.done, event.total)
        for event in bench.events(bench.write("a.txt", text))
        if isinstance(event, FileProgress) and event.stage == "reading"
    ]
    assert len(seen) >= 4
    assert seen == sorted(seen)
    assert {total for _, total in seen[1:]} == {len(text)}
    assert seen[-1] == (len(text), len(text))
