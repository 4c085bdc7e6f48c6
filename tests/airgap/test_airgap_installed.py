"""What an installation holds, and what a failed one leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convert.airgap.installer import main as command_line
from convert.airgap.installer.prefix import Prefix
from convert.airgap.installer.problems import InstallError
from convert.airgap.installer.steps import InstallOptions
from tests.airgap.installing import install, launched, tree
from tests.airgap.small import (
    FakeMachine,
    small_archive,
)


def test_an_installation_has_launcher_papers_and_models(
    tmp_path: Path, machine: FakeMachine
) -> None:
    prefix = tmp_path / "a folder with 'quotes' and spaces"
    data = install(small_archive(tmp_path), prefix, machine)
    assert launched(prefix) == "1.0.0 -I -m assistant x"
    current = prefix / "current"
    kept = set(tree(current.resolve()))
    assert {"sbom.cdx.json", "manifest.json", "manifest.sig", "licences/thing/LICENSE"} <= kept
    assert {"installer/__main__.py", "installer/airgap_installer/main.py"} <= kept
    assert not {"parcel", "trial"} & kept
    assert (data / "models" / "model.gguf").read_bytes() == b"weights"
    pip = next(call for call in machine.calls if "install" in call)
    assert {"--no-index", "--require-hashes", "--isolated", "--no-deps"} <= set(pip)
    assert pip[pip.index("--only-binary") + 1] == ":all:"


def test_children_get_nothing_of_the_callers_environment(
    tmp_path: Path, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "index.invalid")
    monkeypatch.setenv("LD_PRELOAD", "evil.so")
    install(small_archive(tmp_path), tmp_path / "p", machine)
    seen = {name for environment in machine.environments for name in environment}
    assert not {"PYTHONPATH", "PIP_INDEX_URL", "LD_PRELOAD"} & seen


def test_an_incomplete_lockdown_is_for_the_program_to_judge(
    tmp_path: Path, machine: FakeMachine
) -> None:
    install(small_archive(tmp_path), tmp_path / "p", machine)
    assert not any("--allow-degraded" in call for call in machine.calls)
    machine.calls.clear()
    install(
        small_archive(tmp_path, "2.0.0"), tmp_path / "p", machine, InstallOptions(degraded="I do")
    )
    asked = [call for call in machine.calls if "assistant" in call]
    assert len(asked) == 4
    assert all(call[call.index("--allow-degraded") + 1] == "I do" for call in asked)


def test_an_update_keeps_data_and_the_version_before(tmp_path: Path, machine: FakeMachine) -> None:
    prefix = tmp_path / "p"
    data = install(small_archive(tmp_path), prefix, machine, InstallOptions(str(tmp_path / "mine")))
    assert data == tmp_path / "mine"
    (data / "library.db").write_text("precious")
    for version in ("1.1.0", "1.2.0", "1.3.0"):
        assert install(small_archive(tmp_path, version), prefix, machine) == data
        assert launched(prefix).startswith(version)
    assert (data / "library.db").read_text() == "precious"
    assert sorted(path.name for path in (prefix / "versions").iterdir()) == [
        "1.2.0-1-1",
        "1.3.0-1-1",
    ]
    assert f"ASSISTANT_DATA_DIR={data}" in (prefix / "bin" / "assistant").read_text()


def test_uninstalling_removes_the_program_and_leaves_data(
    tmp_path: Path, machine: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = tmp_path / "p"
    data = install(small_archive(tmp_path), prefix, machine, InstallOptions(str(tmp_path / "mine")))
    assert command_line.main(["--uninstall", "--prefix", str(prefix)]) == 2  # nobody agreed
    assert launched(prefix).startswith("1.0.0")
    assert command_line.main(["--uninstall", "--yes", "--prefix", str(prefix)]) == 0
    assert str(data) in capsys.readouterr().out
    assert not prefix.exists()
    assert (data / "models" / "model.gguf").exists()
    assert command_line.main(["--uninstall", "--yes", "--prefix", str(prefix)]) == 2


def test_uninstalling_leaves_the_files_of_others(tmp_path: Path, machine: FakeMachine) -> None:
    prefix = tmp_path / "p"
    install(small_archive(tmp_path), prefix, machine)
    (prefix / "bin" / "mine.sh").write_text("x")
    assert command_line.main(["--uninstall", "--yes", "--prefix", str(prefix)]) == 0
    assert tree(prefix) == ["bin", "bin/mine.sh"]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, machine: FakeMachine) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.txt").write_text("x")
    with pytest.raises(InstallError, match="something else"):
        install(small_archive(tmp_path), tmp_path / "p", machine)
    assert tree(tmp_path / "p") == ["thesis.txt"]


@pytest.mark.parametrize("step", ["install", "setup", "doctor", "sample"])
def test_a_step_that_fails_undoes_a_first_installation(step: str, tmp_path: Path) -> None:
    broken = FakeMachine(tmp_path / "data", {step: "it broke \x1b[31m"})
    with pytest.raises(InstallError) as caught:
        install(small_archive(tmp_path), tmp_path / "p", broken)
    assert "\x1b" not in caught.value.message
    assert not (tmp_path / "p").exists()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("step", ["install", "setup", "doctor", "sample"])
def test_a_step_that_fails_leaves_the_installed_version(
    step: str, tmp_path: Path, machine: FakeMachine
) -> None:
    prefix = tmp_path / "p"
    install(small_archive(tmp_path), prefix, machine)
    before = tree(prefix)
    broken, newer = FakeMachine(tmp_path / "data", {step: "it"}), small_archive(tmp_path, "2.0.0")
    with pytest.raises(InstallError):
        install(newer, prefix, broken)
    assert tree(prefix) == before
    assert launched(prefix).startswith("1.0.0")


def test_a_failed_check_names_the_check(tmp_path: Path, machine: FakeMachine) -> None:
    check = {"name": "chat model", "status": "fail", "detail": "gone", "remedy": "get one"}
    machine._answer = lambda command: json.dumps({"checks": [check]})  # type: ignore[method-assign]
    with pytest.raises(InstallError, match="chat model") as caught:
        install(small_archive(tmp_path), tmp_path / "p", machine)
    assert caught.value.hint == "get one"


def test_too_little_room_is_told_before_anything_is_written(
    tmp_path: Path, machine: FakeMachine
) -> None:
    with pytest.raises(InstallError, match="MiB are needed"):
        install(small_archive(tmp_path, room=1 << 40), tmp_path / "p", machine)
    assert not (tmp_path / "p").exists()


def test_two_installers_do_not_work_in_one_folder(tmp_path: Path, machine: FakeMachine) -> None:
    archive = small_archive(tmp_path)
    prefix = Prefix(tmp_path / "p")
    build = machine.build

    def meanwhile(folder: Path) -> None:
        with pytest.raises(InstallError, match="Another installer"):
            install(archive, prefix.root, FakeMachine(tmp_path / "data"))
        build(folder)

    machine.build = meanwhile  # type: ignore[method-assign]
    install(archive, prefix.root, machine)
    assert launched(prefix.root).startswith("1.0.0")
