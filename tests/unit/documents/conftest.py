"""A parser with real child processes, one for a whole module: starting it costs time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildParser]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), max_file_mb=2)
    with ChildParser(settings) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made
