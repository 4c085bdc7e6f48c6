"""Settings: what is refused, and with which remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.config import Settings, default_data_dir, load_settings
from assistant.errors import ConfigError

BAD_NAMES = [
    "",
    ".",
    "..",
    "../outside",
    "/absolute",
    "sub/x",
    "back\\slash",
    "new\nline",
    "esc\x1b[31m",
    "nul\0",
    "\udcff\udcfe",
    ":memory:",
    "file:foo",
    "a?mode=ro",
    "x" * 65,
    "-dash",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_library_name_never_leaves_the_data_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings(data_dir=tmp_path, library=name)
    assert caught.value.hint
    with pytest.raises(ConfigError):
        Settings(data_dir=tmp_path).with_changes(library=name)


@pytest.mark.parametrize("name", ["library", "ward-3", "Klient Müller 2026", "事件"])
def test_plain_names_are_fine(tmp_path: Path, name: str) -> None:
    assert Settings(data_dir=tmp_path, library=name).store_path.parent == tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "thread = 3",
        'threads = "two"',
        "threads = 100000",
        "threads = -1",
        "temperature = nan",
        "temperature = -1.0",
        "context_length = -1",
        "context_length = 99999999999999999999",
        "max_file_mb = 0",
        "prompt_passages = -1",
        "search_hits = 99999999999999999999",
        'library = "../x"',
        'library = "a\\u0000b"',
        "threads = ",
        "threads = true",
    ],
)
def test_bad_lines_are_refused_with_the_name_of_the_setting(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(line + "\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert caught.value.hint


def test_a_reranker_that_is_still_named_is_refused_with_what_does_its_work(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('reranker = "/models/mine"\n')
    with pytest.raises(ConfigError, match="'reranker' was taken out: the 'reader'"):
        load_settings(tmp_path)
    (tmp_path / "config.toml").write_text('reranker = ""\n')
    assert load_settings(tmp_path).reader == Settings(tmp_path).reader


def test_the_file_overrides_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("threads = 3\ntemperature = 1\n")
    settings = load_settings(tmp_path)
    assert (settings.threads, settings.temperature) == (3, 1.0)


def test_a_pipe_instead_of_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(ConfigError, match="plain file"):
        load_settings(tmp_path)


def test_an_unknown_home_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", "~no-such-user-here/x")
    with pytest.raises(ConfigError, match="ASSISTANT_DATA_DIR"):
        default_data_dir()
