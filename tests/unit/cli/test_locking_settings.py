"""What the settings file may widen: it lies where a process that was taken over can write."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assistant.cli import sandbox
from assistant.config import Settings
from assistant.errors import ConfigError, UsageError


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    made = tmp_path / "home"
    (made / ".ssh").mkdir(parents=True)
    (made / "Documents" / ".git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(made))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return made


def exported(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True)
    (folder / name).write_text("{}")
    return folder


@pytest.mark.parametrize("name", ["embedder", "reader"])
@pytest.mark.parametrize("place", ["home", "home/.ssh", "home/Documents", "", "nothing/there"])
def test_a_model_that_is_none_opens_no_folder(tmp_path: Path, name: str, place: str) -> None:
    settings = Settings(tmp_path / "data", **{name: f"{tmp_path}/{place}"})
    assert sandbox.policy_for(settings).read == ()


@pytest.mark.parametrize(
    ("name", "file"),
    [("embedder", "embedder.json"), ("embedder", "modules.json"), ("reader", "reader.json")],
)
def test_the_folder_of_a_model_is_read(tmp_path: Path, name: str, file: str) -> None:
    folder = exported(tmp_path / "home" / "models" / "mine", file)
    settings = Settings(tmp_path / "data", **{name: str(folder)})
    assert sandbox.policy_for(settings).read == (folder,)
    assert sandbox.policy_for(settings.with_changes(**{name: f"{folder}/"})).read == (folder,)
    assert sandbox.policy_for(settings.with_changes(**{name: "~/models/mine"})).read == (folder,)


def test_a_home_folder_that_holds_a_model_is_not_read(home: Path, tmp_path: Path) -> None:
    (home / "embedder.json").write_text("{}")
    assert sandbox.policy_for(Settings(tmp_path / "data", embedder=f"{home}/")).read == ()


@pytest.mark.parametrize("place", ["home", "", "home/.ssh", "home/Documents/../.ssh", "home/link"])
def test_the_app_reads_no_home_folder_and_nothing_hidden_in_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "home" / "link").symlink_to(tmp_path / "home" / ".ssh")
    settings = Settings(tmp_path / "data", document_folders=f"{tmp_path}/{place}")
    with pytest.raises(ConfigError, match="document_folders"):
        sandbox.document_folders(settings)


def test_other_folders_can_be_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / ".elsewhere").mkdir()
    named = [home / "Documents", home / "Documents" / ".git", tmp_path / ".elsewhere"]
    settings = Settings(tmp_path / "data", document_folders=":".join(map(str, named)))
    assert sandbox.document_folders(settings) == (named, [])


def test_a_data_folder_that_holds_the_program_is_refused() -> None:
    for holds in (Path(sys.prefix), Path(sys.prefix).parent, Path(sandbox.__file__).parents[2]):
        with pytest.raises(UsageError, match="data folder"):
            sandbox._refuse_too_much(holds)
