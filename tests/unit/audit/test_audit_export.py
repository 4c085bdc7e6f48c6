"""Exports: the only thing that shows a folder that was put back as a whole."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audit import AuditKeys, Export, read_export, write_export
from assistant.audit.log_record import canonical, parse_table
from assistant.errors import AuditError, UsageError
from tests.unit.audit.library import Library


def export(library: Library, target: Path) -> Export:
    with library.opened() as (_, log):
        done = write_export(log, target, "library")
        log.close()
    return done


def keys(library: Library) -> AuditKeys:
    with library.open_store() as store:
        secret = store.audit.secret()
    assert secret is not None
    return AuditKeys(secret)


def against(library: Library, path: Path) -> str:
    _, lines = read_export(path, keys(library))
    return library.verify(against=lines).verdict


def test_an_export_says_what_was(library: Library, tmp_path: Path) -> None:
    done = export(library, tmp_path / "one.audit-export")
    read, lines = read_export(done.path, keys(library))
    assert read == done
    assert read.count == len(lines) == 5
    assert b"".join(line + b"\n" for line in lines) == b"".join(library.lines()[:5])
    assert against(library, done.path) == "ok"
    library.use("ask", "cite")
    assert against(library, done.path) == "ok"


def test_a_folder_gets_a_file_of_its_own(library: Library, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    names = {export(library, stick).path.name for _ in range(2)}
    assert names == {"library-5.audit-export", "library-7.audit-export"}


def test_an_older_export_is_not_overwritten(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "one"
    target.touch()  # an empty file may be made in advance
    export(library, target)
    content = target.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        export(library, target)
    assert target.read_bytes() == content


def test_a_medium_that_fails(library: Library, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="can't be written"):
        export(library, tmp_path / "none" / "one")
    if Path("/dev/full").exists():
        with pytest.raises(AuditError, match="No space left"):
            export(library, Path("/dev/full"))


def test_a_whole_folder_that_was_put_back_is_found(library: Library, tmp_path: Path) -> None:
    before = library.copy("before")
    library.use("open", "ask")
    done = export(library, tmp_path / "one")
    library.use("open", "ask")
    shutil.rmtree(library.folder)
    shutil.copytree(before.folder, library.folder)
    assert library.verify().verdict == "ok"  # without the export nobody can know
    assert against(library, done.path) == "tampered"
    for _ in range(6):
        library.use("open", "ask")  # a new history, longer than the old one
    _, lines = read_export(done.path, keys(library))
    report = library.verify(against=lines)
    assert report.verdict == "tampered"
    assert (report.findings[0].record, report.findings[0].message) == (
        4,
        "it differs from the export",
    )


def test_an_export_of_another_library(library: Library, tmp_path: Path) -> None:
    other = Library(tmp_path / "other")
    other.folder.mkdir()
    other.use("open")
    done = export(other, tmp_path / "foreign")
    with pytest.raises(AuditError, match="another library"):
        read_export(done.path, keys(library))


def test_a_changed_export_is_refused(library: Library, tmp_path: Path) -> None:
    done = export(library, tmp_path / "one")
    content = done.path.read_bytes()
    ours = keys(library)
    lines = content.splitlines(keepends=True)
    trailer = parse_table(lines[-1].rstrip(b"\n"))
    later = {**trailer, "export": {**trailer["export"], "time": "2030-01-01T00:00:00.000000Z"}}
    changes = [
        b"",
        content[:-2],
        b"".join(lines[:-1]),
        b"".join(lines[1:]),
        b"".join([*lines[:2], *lines[3:]]),
        b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        content.replace(b'"library":"library"', b'"library":"librarx"'),
        b"".join([*lines[:-1], canonical(later), b"\n"]),
        b"x" * 300_000,
        lines[-1],
    ]
    for changed in changes:
        done.path.write_bytes(changed)
        with pytest.raises(AuditError, match="no sound export"):
            read_export(done.path, ours)
    with pytest.raises(AuditError):
        read_export(tmp_path, ours)
    with pytest.raises(AuditError):
        read_export(tmp_path / "none", ours)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8")))
def test_any_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    with pytest.raises(AuditError) as caught:
        read_export(path, AuditKeys(bytes(32)))
    assert caught.value.hint


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), keep=st.integers(0, 4), tail=st.booleans())
def test_any_log_is_judged_or_refused_in_words(
    library: Library, content: bytes, keep: int, tail: bool
) -> None:
    """Whatever the log holds, checking and opening end with a verdict or an `AuditError`."""
    original = library.log.read_bytes()
    lines = library.lines()
    changed = b"".join(lines[:keep]) + content + (b"\n" if tail else b"")
    try:
        library.log.write_bytes(changed)
        report = library.verify()
        assert (report.verdict == "ok") == (changed == original)
        with contextlib.suppress(AuditError):
            library.use("open")
            # Only bytes of a record that was never acknowledged may be cut off.
            assert changed.startswith(original)
    finally:
        with library.open_store() as store:
            head = store.audit.head()
        assert head is not None
        _restore(library, original)


def _restore(library: Library, log: bytes) -> None:
    """Put log and head back to what they were."""
    from assistant.audit.chain import Chain
    from assistant.audit.log_head import Head

    chain = Chain(None)
    for line in log.splitlines():
        chain.follow(line)
    library.log.write_bytes(log)
    with library.open_store() as store:
        head = Head(chain.count, chain.offset, chain.hash, 0)
        store.audit.set_head(head.write(), durable=True)
