"""The root over the store's pages: cheap, and right after every change."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest

from assistant.audit.chain import Root
from assistant.audit.page_hashes import PageTree, tree_path
from assistant.errors import AuditError, StoreError
from assistant.store import SqliteStore
from tests.store.material import put
from tests.unit.audit.library import EMBEDDER, Library

PAGE = 8192


def roots(store: SqliteStore, tree: PageTree) -> tuple[str, str, list[int]]:
    """Return the root of a tree that was kept up to date, that of a new one, and what changed."""
    with store.audit.settled() as pages:
        quick, changed = tree.update(pages)
        whole, _ = PageTree(Path("nowhere")).update(pages)
        checked, none = tree.update(pages, all_pages=True)
        assert (checked, none) == (whole, [])
    return quick, whole, changed


def test_the_root_is_what_the_documentation_says(library: Library) -> None:
    with library.open_store() as store, store.audit.settled() as pages:
        root, changed = PageTree(Path("nowhere")).update(pages)
        head, count = pages.head_page, pages.count
    content = library.store.read_bytes()
    assert len(content) == count * PAGE
    text = b"airgap audit pages 1\n" + count.to_bytes(8, "big") + head.to_bytes(8, "big")
    for number in range(1, count + 1):
        page = content[(number - 1) * PAGE : number * PAGE]
        text += bytes(96) if number == head else hashlib.sha256(page).digest() + page[-64:]
    assert root == hashlib.sha256(text).hexdigest()
    assert changed == [n for n in range(1, count + 1) if n != head]


def test_only_what_changed_is_hashed_again(library: Library) -> None:
    with library.open_store() as store:
        tree = PageTree(Path("nowhere"))
        roots(store, tree)
        _, _, none = roots(store, tree)
        assert none == []
        for number in range(5):
            put(store, EMBEDDER, f"document {number}. " * 400, name=f"{number}.txt")
            quick, whole, changed = roots(store, tree)
            assert quick == whole
            assert 0 < len(changed) < 60
        store.forget(2)
        quick, whole, changed = roots(store, tree)
        assert quick == whole
        assert changed


def test_the_head_changes_one_page_that_is_left_out(library: Library) -> None:
    with library.opened() as (store, log):
        tree = PageTree(Path("nowhere"))
        before, _, _ = roots(store, tree)
        for _ in range(20):
            log.append("ask")
        assert roots(store, tree) == (before, before, [])


def test_the_side_file_is_believed_only_if_its_root_is_right(
    library: Library, tmp_path: Path
) -> None:
    with library.open_store() as store, store.audit.settled() as pages:
        tree = PageTree(tmp_path / "tree")
        text, _ = tree.update(pages)
        root = Root(text, pages.count, pages.head_page, pages.schema, 0)
    tree.save()
    assert PageTree(tmp_path / "tree").load(root)
    content = (tmp_path / "tree").read_bytes()
    for spoiled in (b"", content[:-1], content + b"x", content[:50] + b"!" + content[51:]):
        (tmp_path / "tree").write_bytes(spoiled)
        assert not PageTree(tmp_path / "tree").load(root)
    assert not PageTree(tmp_path / "none").load(root)
    huge = Root(text, 2**40, 22, 3, 0)
    assert not PageTree(tmp_path / "tree").load(huge)


def replay(library: Library, older: bytes, page: int) -> None:
    with library.store.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(older[(page - 1) * PAGE : page * PAGE])


@pytest.fixture
def older(library: Library) -> bytes:
    """The store before a second document came in; `library` is as it is after that."""
    content = library.store.read_bytes()
    with library.opened() as (store, log):
        library.add(store, log, "second.txt")
        log.close()
    return content


def different_pages(library: Library, older: bytes) -> list[int]:
    now = library.store.read_bytes()
    pages = range(1, min(len(now), len(older)) // PAGE + 1)
    return [n for n in pages if now[(n - 1) * PAGE : n * PAGE] != older[(n - 1) * PAGE : n * PAGE]]


def test_a_page_of_an_older_copy_is_named(library: Library, older: bytes) -> None:
    page = next(n for n in different_pages(library, older) if n > 1)
    replay(library, older, page)
    report = library.verify()
    assert report.verdict == "tampered"
    assert report.findings[-1].message.startswith(f"pages {page} of the library")
    tree_path(library.log).unlink()
    report = library.verify()  # without the side file it can't be named
    assert report.verdict == "tampered"
    assert report.findings[-1].message.startswith("pages of the library")


def test_nothing_is_written_into_a_store_that_was_tampered_with(
    library: Library, older: bytes
) -> None:
    for page in different_pages(library, older):
        if page > 1:
            replay(library, older, page)
            break
    for attempt in range(2):
        with library.opened() as (_, log), pytest.raises(AuditError, match="were replaced"):
            log.before_write()
        assert library.verify().verdict == "tampered", attempt
    with library.opened() as (_, log):
        log.accept("a person")
        log.before_write()
        log.close()
    report = library.verify()
    assert report.verdict == "ok"
    assert sum("accepted in record" in f.message for f in report.findings) == 2


def test_a_whole_older_store_is_refused(library: Library, older: bytes) -> None:
    library.store.write_bytes(older)
    report = library.verify()
    assert report.verdict != "ok"
    # The library catches up with its log, which knows that these are not its pages.
    with library.opened() as (_, log), pytest.raises(AuditError, match="were replaced"):
        log.before_write()


def test_bytes_after_the_last_page_are_found(library: Library) -> None:
    with library.store.open("ab") as file:
        file.write(bytes(PAGE))
    with contextlib.suppress(StoreError):  # SQLite may see it first
        assert library.verify().verdict == "tampered"
