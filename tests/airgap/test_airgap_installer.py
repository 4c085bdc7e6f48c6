"""The installer: what it refuses, what it leaves behind, and that nothing is half done."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from convert.airgap.installer import main as command_line
from convert.airgap.installer import steps
from convert.airgap.installer.archive import Archive, open_archive
from convert.airgap.installer.ed25519 import key_id, spoken
from convert.airgap.installer.machine import Machine, numbers, require_fit, require_library
from convert.airgap.installer.manifest import decode, encode
from convert.airgap.installer.prefix import Prefix
from convert.airgap.installer.problems import InstallError, MachineError, RefusedError
from convert.airgap.installer.steps import Installation, Wishes
from tests.airgap.small import (
    HERE,
    KEY,
    OTHER_KEY,
    FakeMachine,
    rewritten,
    small_archive,
    small_contents,
    with_python,
)
from tests.soak.scale import count

WORDS = spoken(key_id(KEY.public))
NO_WISHES = Wishes()
INSTALLER = Path(command_line.__file__).parent


def quiet(what: str, done: int, total: int) -> None:
    pass


def install(archive: Path, prefix: Path, machine: FakeMachine, wishes: Wishes = NO_WISHES) -> Path:
    said: list[str] = []
    work = Installation(
        Prefix(prefix), said.append, quiet, machine.run, machine.build, lambda: None
    )
    with open_archive(archive) as opened:
        return work.install(opened, wishes)


def launched(prefix: Path) -> str:
    """Return what the installed command says."""
    done = subprocess.run(
        [prefix / "bin" / "assistant", "x"], check=False, capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "data")


# --- what is refused -------------------------------------------------------------------

TAMPERED: dict[str, tuple[dict[str, bytes | None], dict[str, str], str]] = {
    "wheel changed": ({"wheels/thing-1-py3-none-any.whl": b"9.9.9"}, {}, "wheels/thing-1"),
    "model changed": ({"models/model-1-py3-none-any.whl": b"a m0del" * 1000}, {}, "models/model"),
    "model truncated": ({"models/model-1-py3-none-any.whl": b"a model"}, {}, "models/model-1"),
    "SBOM changed": ({"sbom.cdx.json": b"[]"}, {}, "sbom.cdx.json"),
    "SBOM removed": ({"sbom.cdx.json": None}, {}, "sbom.cdx.json"),
    "licence removed": ({"licences/thing/LICENSE": None}, {}, "licences/thing/LICENSE"),
    "installer changed": ({"airgap_installer/main.py": b"def main(): return 0"}, {}, "main.py"),
    "start changed": ({"__main__.py": b"print('Installed')"}, {}, "__main__.py"),
    "pip changed": ({"tools/pip-1-py3-none-any.whl": b"pop"}, {}, "tools/pip-1"),
    "pins changed": ({"requirements.txt": b"thing==1 --hash=sha256:01"}, {}, "requirements.txt"),
    "wheel removed": ({"wheels/thing-1-py3-none-any.whl": None}, {}, "wheels/thing-1"),
    "wheel added": ({"wheels/zeta-1-py3-none-any.whl": b"z"}, {}, "wheels/zeta-1"),
    "module added": ({"airgap_installer/json.py": b"z"}, {}, "airgap_installer/json.py"),
    "wheel renamed": (
        {},
        {"wheels/thing-1-py3-none-any.whl": "wheels/thing-2-py3-none-any.whl"},
        "wheels/thing-1",
    ),
    "manifest changed": ({"manifest.json": b"{}"}, {}, "manifest.json"),
    "manifest removed": ({"manifest.json": None}, {}, "manifest.json"),
    "signature changed": ({"manifest.sig": bytes(96)}, {}, "manifest.sig"),
    "signature cut": ({"manifest.sig": bytes(95)}, {}, "manifest.sig"),
    "signature removed": ({"manifest.sig": None}, {}, "manifest.sig"),
    "path out of it": ({"../outside": b"x"}, {}, "../outside"),
}


@pytest.mark.parametrize("case", TAMPERED)
@pytest.mark.parametrize("verify_only", [False, True])
def test_a_tampered_archive_is_refused_by_name_and_nothing_is_installed(
    case: str, verify_only: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, renames, named = TAMPERED[case]
    bad = rewritten(small_archive(tmp_path), tmp_path / "bad.zip", changes, renames)
    prefix = tmp_path / "prefix"
    options = ["--verify-only"] if verify_only else ["--yes", "--fingerprint", WORDS]
    assert command_line.main([str(bad), "--prefix", str(prefix), *options]) == 7
    said = capsys.readouterr()
    assert "The archive is refused" in said.err
    assert named in said.err
    assert "Installed" not in said.out
    assert not prefix.exists()


def test_the_untouched_copy_is_not_refused(tmp_path: Path) -> None:
    """The control of the test above: writing it again without a change changes nothing."""
    good = small_archive(tmp_path)
    copy = rewritten(good, tmp_path / "copy.zip", {}, {})
    assert copy.read_bytes() == good.read_bytes()
    assert command_line.main([str(copy), "--verify-only"]) == 0


def test_every_flipped_byte_that_could_matter_is_noticed(tmp_path: Path) -> None:
    """300 random bits, wherever they fall: refused, or (in a header's date) without effect."""
    good = small_archive(tmp_path).read_bytes()
    chance = random.Random(6)
    bad = tmp_path / "bad.zip"
    refused = 0
    for _ in range(300):
        raw = bytearray(good)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        bad.write_bytes(raw)
        try:
            with open_archive(bad) as archive:
                archive.check(quiet)
                contents = {name: archive.opened.read(name) for name in archive.opened.namelist()}
        except RefusedError:
            refused += 1
        else:
            with open_archive(tmp_path / "archive-1.0.0-1.zip") as whole:
                assert contents == {name: whole.opened.read(name) for name in contents}
    assert refused > 270


@pytest.mark.parametrize("share", [0, 1, 4096, 0.3, 0.9, 0.999])
def test_a_cut_archive_is_refused(share: float, tmp_path: Path) -> None:
    raw = small_archive(tmp_path).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(raw[: int(share * len(raw)) if share < 1 else int(share)])
    assert command_line.main([str(cut), "--verify-only"]) == 7


@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_around_the_archive_are_refused(where: str, tmp_path: Path) -> None:
    raw = small_archive(tmp_path).read_bytes()
    odd = tmp_path / "odd.zip"
    odd.write_bytes(b"#!/bin/sh\n" + raw if where == "before" else raw + b"more")
    assert command_line.main([str(odd), "--verify-only"]) == 7


def test_another_key_than_the_named_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = small_archive(tmp_path, key=OTHER_KEY)
    given = [str(archive), "--prefix", str(tmp_path / "p"), "--yes", "--fingerprint", WORDS]
    assert command_line.main(given) == 7
    assert spoken(key_id(OTHER_KEY.public)) in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_without_a_word_about_the_key_nothing_is_installed(tmp_path: Path) -> None:
    given = [str(small_archive(tmp_path)), "--prefix", str(tmp_path / "p"), "--yes"]
    assert command_line.main(given) == 2
    assert not (tmp_path / "p").exists()


def test_an_update_must_bear_the_key_of_what_is_installed(
    tmp_path: Path, machine: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = tmp_path / "p"
    install(small_archive(tmp_path), prefix, machine)
    foreign = small_archive(tmp_path, "2.0.0", key=OTHER_KEY)
    words = spoken(key_id(OTHER_KEY.public))
    for more in ([], ["--fingerprint", words], ["--accept-new-key"]):
        assert command_line.main([str(foreign), "--prefix", str(prefix), "--yes", *more]) == 7
        assert "another key" in capsys.readouterr().err
    assert launched(prefix).startswith("1.0.0")
    told = ["--verify-only", "--accept-new-key", "--fingerprint", words]
    assert command_line.main([str(foreign), "--prefix", str(prefix), *told]) == 0


def test_an_older_version_needs_an_explicit_word(tmp_path: Path, machine: FakeMachine) -> None:
    prefix = tmp_path / "p"
    older, newer = small_archive(tmp_path, "1.9.0"), small_archive(tmp_path, "1.10.0", release=2)
    install(newer, prefix, machine)
    before = tree(prefix)
    for archive in (older, small_archive(tmp_path, "1.10.0", release=1)):
        with pytest.raises(RefusedError, match="older than"):
            install(archive, prefix, machine)
    assert tree(prefix) == before
    install(older, prefix, machine, Wishes(allow_downgrade=True))
    assert launched(prefix).startswith("1.9.0")
    with pytest.raises(RefusedError, match="older than"):  # the floor stayed
        install(small_archive(tmp_path, "1.9.5"), prefix, machine)


def test_another_archive_of_the_same_release_is_refused(
    tmp_path: Path, machine: FakeMachine
) -> None:
    install(first := small_archive(tmp_path), tmp_path / "p", machine)
    (tmp_path / "other").mkdir()
    twin = small_archive(tmp_path / "other", contents=small_contents("other"))
    with pytest.raises(RefusedError, match="another"):
        install(twin, tmp_path / "p", machine)
    install(first, tmp_path / "p", machine)  # the very same one repairs what is there


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "1.0.0-beta"),
        ("version", "1"),
        ("release", -1),
        ("release", True),
        ("release", 1.5),
        ("files", [{"name": "../x", "size": 1, "sha256": "0" * 64}]),
        ("files", [{"name": "/x", "size": 1, "sha256": "0" * 64}]),
        ("files", [{"name": "x", "size": 1, "sha256": "0" * 63}]),
        ("files", [{"name": "x", "size": "1", "sha256": "0" * 64}]),
        ("files", [{"name": n, "size": 1, "sha256": "0" * 64} for n in ("b", "a")]),
        ("files", [{"name": "a", "size": 1, "sha256": "0" * 64}] * 2),
        ("format", 2),
        ("name", "other"),
        ("platform", {}),
        ("more", 1),
    ],
)
def test_a_manifest_with_odd_fields_is_refused(field: str, value: object, tmp_path: Path) -> None:
    with open_archive(small_archive(tmp_path)) as archive:
        table = json.loads(archive.raw)
    assert encode(decode(json.dumps(table, sort_keys=True, separators=(",", ":")).encode()))
    table[field] = value
    raw = json.dumps(table, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(RefusedError):
        decode(raw)


def test_a_manifest_in_another_form_is_refused(tmp_path: Path) -> None:
    with open_archive(small_archive(tmp_path)) as archive:
        raw = archive.raw
    for other in (raw + b" ", raw.replace(b":1,", b":1.0,", 1), b'{"format":1,' + raw[1:]):
        with pytest.raises(RefusedError):
            decode(other)


# --- machines --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "here", "named"),
    [
        ({"system": "plan9"}, {}, "plan9"),
        ({"machine": "vax"}, {}, "vax"),
        ({"pythons": ("3.99",)}, {}, "3.99"),
        ({}, {"implementation": "pypy"}, "pypy"),
        ({}, {"free_threaded": True}, "free-threaded"),
        ({"glibc": "2.34"}, {"glibc": "2.31"}, "2.31"),
        ({"glibc": "2.9"}, {"glibc": ""}, "musl"),
        ({"cpu_flags": ("avx2",)}, {"cpu_flags": frozenset({"sse2"})}, "avx2"),
        ({"libraries": {"libnothere.so.7": ""}}, {}, "libnothere.so.7"),
    ],
)
def test_an_unfit_machine_is_told_what_is_missing(
    wanted: dict[str, object], here: dict[str, object], named: str
) -> None:
    this = replace(Machine.this(), **{"cpu_flags": frozenset(), **here})
    require_fit(HERE, replace(Machine.this(), cpu_flags=frozenset()))
    with pytest.raises(MachineError) as caught:
        require_fit(replace(HERE, **wanted), this)
    assert named in caught.value.message + caught.value.hint


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("2.9") < numbers("2.31")


@pytest.mark.skipif(not Machine.this().glibc, reason="symbol versions are those of glibc")
def test_a_library_that_is_too_old_is_noticed() -> None:
    require_library("libstdc++.so.6", "GLIBCXX_3.4")
    with pytest.raises(MachineError, match="too old"):
        require_library("libstdc++.so.6", "GLIBCXX_9.9.9")


def test_an_archive_for_another_python_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = small_archive(tmp_path, machine=with_python(["3.98", "3.99"]))
    given = [str(archive), "--prefix", str(tmp_path / "p"), "--yes", "--fingerprint", WORDS]
    assert command_line.main(given) == 3
    assert "3.98, 3.99" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_the_installer_imports_the_standard_library_alone() -> None:
    files = sorted(INSTALLER.glob("*.py"))
    assert len(files) > 8
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                known = top in sys.stdlib_module_names or name == "airgap_installer.main"
                assert known, f"{path.name} imports {name}"


def test_the_start_says_what_is_wrong_on_any_python(tmp_path: Path) -> None:
    """It holds nothing newer than Python 3.4's grammar, and no newer function before its word."""
    source = (INSTALLER / "start.py").read_text(encoding="ascii")
    ast.parse(source, feature_version=(3, 4))
    assert 'f"' not in source
    assert ":=" not in source
    said: list[str] = []
    scope = {"__name__": "start", "__doc__": ""}
    exec(compile(source, "start.py", "exec"), scope)

    class Old:
        version_info = (3, 8, 1)
        stderr = type("Stream", (), {"write": staticmethod(said.append)})

    scope["sys"] = Old
    assert scope["start"]() == 1  # type: ignore[operator]
    assert "Python 3.8; Python 3.11 or newer" in said[0]


# --- what is installed, and what is left behind -----------------------------------------


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
    install(small_archive(tmp_path, "2.0.0"), tmp_path / "p", machine, Wishes(degraded="I do"))
    asked = [call for call in machine.calls if "assistant" in call]
    assert len(asked) == 4
    assert all(call[call.index("--allow-degraded") + 1] == "I do" for call in asked)


def test_an_update_keeps_data_and_the_version_before(tmp_path: Path, machine: FakeMachine) -> None:
    prefix = tmp_path / "p"
    data = install(small_archive(tmp_path), prefix, machine, Wishes(str(tmp_path / "mine")))
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
    data = install(small_archive(tmp_path), prefix, machine, Wishes(str(tmp_path / "mine")))
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


# --- killed at any moment ---------------------------------------------------------------

FILE_EVENTS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.link",
     "shutil.rmtree", "shutil.copyfile", "shutil.move", "os.listdir", "os.scandir"}
)  # fmt: skip


def in_child(work: Callable[[], object], kill_at: int) -> int:
    """Run `work` in a forked child that dies (as by kill -9) just before file event `kill_at`.

    Return the number of file events it made, or -1 if it was killed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: object) -> None:
            nonlocal count
            if event in FILE_EVENTS:
                count += 1
                if count == kill_at:
                    os._exit(9)

        try:
            sys.addaudithook(watch)
            work()
            os.write(writer, str(count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said = os.read(reader, 100)
    os.close(reader)
    os.waitpid(child, 0)
    return int(said) if said else -1


def test_killed_at_any_moment_of_an_update_the_old_version_works(tmp_path: Path) -> None:
    """Just before its file operations, chosen by a seed: all of them in `make soak`."""
    prefix, data = tmp_path / "p", tmp_path / "data"
    old, new = small_archive(tmp_path), small_archive(tmp_path, "2.0.0")

    def update() -> None:
        install(new, prefix, FakeMachine(data))

    def reset() -> None:
        subprocess.run(["rm", "-rf", prefix, data], check=True)
        install(old, prefix, FakeMachine(data))

    reset()
    events = in_child(update, 0)
    assert events > 60
    assert launched(prefix).startswith("2.0.0")
    chance = random.Random(9)
    outcomes = set()
    for moment in sorted(chance.sample(range(1, events + 1), min(events, count(400)))):
        reset()
        assert in_child(update, moment) == -1
        said = launched(prefix)
        assert said in ("1.0.0 -I -m assistant x", "2.0.0 -I -m assistant x"), moment
        outcomes.add(said[:5])
        update()  # the next one cleans up and succeeds
        assert launched(prefix).startswith("2.0.0")
        assert len(list((prefix / "versions").iterdir())) <= 2
    assert outcomes == {"1.0.0", "2.0.0"}


def test_killed_at_any_moment_of_a_first_installation_the_next_one_succeeds(
    tmp_path: Path,
) -> None:
    prefix, data = tmp_path / "p", tmp_path / "data"
    archive = small_archive(tmp_path)

    def first() -> None:
        install(archive, prefix, FakeMachine(data))

    events = in_child(first, 0)
    for moment in random.Random(10).sample(range(1, events + 1), 25):
        subprocess.run(["rm", "-rf", prefix, data], check=True)
        assert in_child(first, moment) == -1
        first()
        assert launched(prefix).startswith("1.0.0")
        assert len(list((prefix / "versions").iterdir())) <= 2  # the one before is kept


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, machine: FakeMachine) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    machine.build = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        install(small_archive(tmp_path), tmp_path / "p", machine)
    assert not (tmp_path / "p").exists()


def test_a_medium_that_changes_between_two_readings_gains_nothing(
    tmp_path: Path, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was verified before: only what was hashed while it was copied is installed."""
    archive = small_archive(tmp_path)
    evil = rewritten(
        archive, tmp_path / "evil.zip", {"wheels/thing-1-py3-none-any.whl": b"6.6.6"}, {}
    )
    extract = Archive.extract

    def swapped(self: Archive, folder: Path, progress: object) -> None:
        with evil.open("rb") as other:
            os.dup2(other.fileno(), self.opened.fp.fileno())  # type: ignore[union-attr]
            extract(self, folder, quiet)

    monkeypatch.setattr(Archive, "extract", swapped)
    with open_archive(archive) as opened:
        opened.check(quiet)
    with pytest.raises(RefusedError, match="wheels/thing"):
        install(archive, tmp_path / "p", machine)
    assert not (tmp_path / "p").exists()


def test_steps_use_no_shell() -> None:
    assert "shell=True" not in Path(steps.__file__).read_text(encoding="utf-8")
