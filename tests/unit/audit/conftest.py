from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.audit.library import Library
from tests.unit.audit.test_audit_workspace import Audited, Make


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with one document, closed."""
    made = Library(tmp_path / "library")
    made.folder.mkdir()
    with made.opened() as (store, log):
        made.add(store, log, "first.txt")
        log.close()
    return made


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Audited] = []

    def make_it(**options: Any) -> Audited:
        made.append(Audited(tmp_path / f"library{len(made)}", **options))
        return made[-1]

    yield make_it
    for audited in made:
        if audited.recorder.log is not None:
            audited.recorder.log.abandon()
