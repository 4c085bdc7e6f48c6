"""Every exception of apsw has a translation that a person can act on."""

from __future__ import annotations

import errno
from pathlib import Path

import apsw
import pytest

from assistant.errors import DiskFullError, StoreBusyError, StoreError, WrongKeyError
from assistant.store.sqlite_errors import INTERNAL, TRANSLATIONS, translate, translating

EVERY = sorted(
    (v for v in vars(apsw).values() if isinstance(v, type) and issubclass(v, apsw.Error)),
    key=lambda kind: kind.__name__,
)

OURS = {
    "Error",
    "BindingsError",
    "ConnectionClosedError",
    "ConnectionNotClosedError",
    "ConstraintError",
    "CursorClosedError",
    "EmptyError",
    "ExecTraceAbort",
    "ExecutionCompleteError",
    "ForkingViolationError",
    "IncompleteExecutionError",
    "InternalError",
    "InvalidContextError",
    "MismatchError",
    "MisuseError",
    "NotFoundError",
    "RangeError",
    "SchemaChangeError",
    "SQLError",
    "ThreadingViolationError",
    "VFSFileClosedError",
}
"""Mistakes of this program and no state of the file; looked at one by one."""


def test_apsw_has_no_exception_that_is_not_mapped() -> None:
    assert len(EVERY) > 30
    assert {kind.__name__ for kind in EVERY if kind not in TRANSLATIONS} == OURS
    others = [
        name
        for name, v in vars(apsw).items()
        if isinstance(v, type) and issubclass(v, BaseException) and not issubclass(v, apsw.Error)
    ]
    assert others == []


@pytest.mark.parametrize("kind", EVERY)
def test_each_becomes_an_error_with_a_remedy(kind: type[apsw.Error], tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with pytest.raises(StoreError) as caught, translating(path):
        raise kind("the cause")
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert "{" not in caught.value.message + caught.value.hint
    assert isinstance(caught.value.__cause__, kind)


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        (apsw.FullError, DiskFullError),
        (apsw.BusyError, StoreBusyError),
        (apsw.LockedError, StoreBusyError),
        (apsw.CorruptError, StoreError),
        (apsw.IOError, StoreError),
        (apsw.ReadOnlyError, StoreError),
        (apsw.CantOpenError, StoreError),
    ],
)
def test_kinds(kind: type[apsw.Error], becomes: type[StoreError], tmp_path: Path) -> None:
    assert type(translate(kind("x"), tmp_path / "library.db")) is becomes
    assert TRANSLATIONS[kind] is not INTERNAL


def test_not_a_database_is_a_wrong_key_only_while_opening(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    assert type(translate(apsw.NotADBError("x"), path, opening=True)) is WrongKeyError
    later = translate(apsw.NotADBError("x"), path)
    assert type(later) is StoreError
    assert "damaged" in later.message


def test_errors_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Permission denied"), translating(tmp_path / "x.db"):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), translating(tmp_path / "x.db"):
        raise ZeroDivisionError
