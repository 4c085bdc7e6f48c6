"""1,000 pages of older copies put back and 10,000 flipped bits of the store: all are found.

The file is changed in memory and judged by the very code of `audit verify`. Changes of the
page with the log's head, which that root leaves out, and a sample of all others are written
to the disk and go through the whole of `verify_library`. `make test` runs a seeded
fiftieth.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from assistant.audit.chain import Ledger
from assistant.audit.log_keys import AuditKeys
from assistant.audit.page_hashes import tree_path
from assistant.audit.verify import LogWalk, Report, _judge_pages
from assistant.errors import StoreError
from assistant.store.audit_state import AuditState, StoredPages
from tests.soak.scale import count
from tests.unit.audit.library import Library

PAGE = 8192
SESSIONS = 8


@dataclass
class Memory:
    """A store's file in memory, as `AuditState.settled` would lend it."""

    content: bytes
    head_page: int

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        return self.content[offset : offset + amount]

    def xFileSize(self) -> int:  # noqa: N802
        return len(self.content)

    @contextmanager
    def settled(self) -> Iterator[StoredPages]:
        pages = len(self.content) // PAGE
        yield StoredPages(pages, self.head_page, 3, PAGE, cast("Any", self))


class Aged:
    """A library after several sessions, and its file as it was after each of them."""

    def __init__(self, folder: Path) -> None:
        self.library = Library(folder)
        folder.mkdir()
        self.older: list[bytes] = []
        for number in range(SESSIONS):
            with self.library.opened() as (store, log):
                self.library.add(store, log, f"{number}.txt")
                if number == SESSIONS // 2:
                    of = log.append("forget", phase="intent")
                    store.forget(1)
                    log.append("forget", phase="done", of=of, pages=True)
                log.append("ask")
                log.close()
            self.older.append(self.library.store.read_bytes())
        self.content = self.older.pop()
        with self.library.open_store() as store:
            secret = store.audit.secret()
            with store.audit.settled() as pages:
                self.head_page = pages.head_page
        assert secret is not None
        walk = LogWalk(AuditKeys(secret))
        for _ in walk.records((line[:-1], True) for line in self.library.lines()):
            pass
        self.ledger: Ledger = walk.ledger

    def judged(self, content: bytes) -> str:
        """What the check of the pages says of a file."""
        report = Report()
        state = cast("AuditState", Memory(content, self.head_page))
        tree = tree_path(self.library.log)
        _judge_pages(self.ledger, state, report, tree, others=False)
        return report.verdict

    def verified(self, content: bytes) -> str:
        """What `verify_library` says of a file on the disk."""
        self.library.store.write_bytes(content)
        for leftover in self.library.folder.glob("library.db-*"):
            leftover.unlink()
        try:
            return self.library.verify().verdict
        except StoreError:
            return "refused"


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Aged:
    return Aged(tmp_path_factory.mktemp("soak") / "library")


def test_the_store_itself_is_right(aged: Aged) -> None:
    assert aged.judged(aged.content) == "ok"
    assert aged.verified(aged.content) == "ok"


def test_every_page_of_an_older_copy_is_found(aged: Aged) -> None:
    chance = random.Random(52)
    trials, whole = count(1_000), 0
    for trial in range(trials):
        page, content = 0, aged.content
        while content == aged.content:
            older = chance.choice(aged.older)
            page = chance.randint(1, min(len(older), len(content)) // PAGE)
            start, end = (page - 1) * PAGE, page * PAGE
            content = content[:start] + older[start:end] + content[end:]
        if page == aged.head_page or trial % 20 == 0:
            whole += 1
            assert aged.verified(content) != "ok", (trial, page)
        else:
            assert aged.judged(content) == "tampered", (trial, page)
    assert whole >= trials // 20


def test_every_flipped_bit_is_found(aged: Aged) -> None:
    chance = random.Random(53)
    trials = count(10_000)
    for trial in range(trials):
        at = chance.randrange(len(aged.content))
        spoiled = bytearray(aged.content)
        spoiled[at] ^= 1 << chance.randrange(8)
        on_head = at // PAGE + 1 == aged.head_page
        if on_head or trial % 200 == 0:
            assert aged.verified(bytes(spoiled)) != "ok", (trial, at)
        else:
            assert aged.judged(bytes(spoiled)) == "tampered", (trial, at)


def test_older_copies_of_several_pages_and_of_the_head_are_found(aged: Aged) -> None:
    """The head goes back too, with some pages of its day; the log stays."""
    chance = random.Random(54)
    for _ in range(count(100)):
        older = chance.choice(aged.older)
        content = bytearray(aged.content)
        pages = {aged.head_page, *(chance.randint(1, len(older) // PAGE) for _ in range(5))}
        for page in pages:
            content[(page - 1) * PAGE : page * PAGE] = older[(page - 1) * PAGE : page * PAGE]
        assert aged.verified(bytes(content)) != "ok"
