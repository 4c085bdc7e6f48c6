from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.audit.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with one document, closed."""
    made = Library(tmp_path / "library")
    made.folder.mkdir()
    with made.opened() as (store, log):
        made.add(store, log, "first.txt")
        log.close()
    return made
