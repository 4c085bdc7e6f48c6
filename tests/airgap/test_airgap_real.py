"""The real archive on a bare machine: no network, no compiler, no checkout, no administrator."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from convert.airgap.archive_build import BuiltArchive
from convert.airgap.installer.ed25519 import key_id, spoken
from tests.airgap.sandbox import HOME, STICK, Sandbox, usable
from tests.airgap.small import HERE, KEY, rewritten, small_archive, small_contents

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.skipif(not usable(), reason="needs root and Linux namespaces (unshare)"),
]

WORDS = spoken(key_id(KEY.public))
PREFIX = f"{HOME}/airgap-assistant"
ASSISTANT = f"{PREFIX}/bin/assistant"
MANAGE = f"{PREFIX}/bin/assistant-install"

LOOK_AROUND = """
import json, os, socket, subprocess, sys
def runs(tool):
    try:
        return subprocess.run([tool, "--version"], capture_output=True).returncode == 0
    except OSError:
        return False
def connects(where):
    try:
        socket.create_connection(where, 1).close()
        return True
    except OSError:
        return False
def imports(name):
    try:
        __import__(name)
        return hasattr(sys.modules[name], "__file__") and bool(sys.modules[name].__file__)
    except ImportError:
        return False
server = socket.create_server(("127.0.0.1", 0))
print(json.dumps({
    "user": os.getuid(),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "loopback": connects(server.getsockname()),
    "outside": connects(("192.0.2.1", 9)),
    "compilers": [t for t in ("cc", "gcc", "g++", "clang", "make", "cmake", "git") if runs(t)],
    "checkout": any(os.path.exists(path) for path in sys.argv[1:]),
    "modules": [name for name in ("pip", "ensurepip", "setuptools", "nacl") if imports(name)],
}))
"""


@dataclass
class Installed:
    sandbox: Sandbox
    said: str
    stick: Path


@pytest.fixture(scope="module")
def installed(
    real_archive: BuiltArchive, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """The real archive, installed once on a bare machine."""
    stick = tmp_path_factory.mktemp("stick")
    home = tmp_path_factory.mktemp("bare") / "home"
    shutil.copyfile(real_archive.path, stick / "archive.zip")
    small_archive(stick, "0.0.9")
    rewritten(stick / "archive-0.0.9-1.zip", stick / "bad.zip", {"sbom.cdx.json": b"[]"}, {})
    sandbox = Sandbox(stick, home)
    done = sandbox.python(f"{STICK}/archive.zip", "--yes", "--fingerprint", WORDS)
    assert done.returncode == 0, done.stderr + done.stdout
    yield Installed(sandbox, done.stdout, stick)
    shutil.rmtree(home)
    shutil.rmtree(stick)


def test_the_machine_is_bare(installed: Installed) -> None:
    root = Path(__file__).resolve().parents[2]
    hidden = [str(root), sys.prefix, str(Path("~/.cache/pip").expanduser())]
    done = installed.sandbox.python("-c", LOOK_AROUND, *hidden)
    seen = json.loads(done.stdout)
    assert seen["user"] != 0
    assert seen["interfaces"] == ["lo"]
    assert seen["loopback"] is True  # the control: sockets do work there
    assert seen["outside"] is False
    assert seen["compilers"] == []
    assert seen["checkout"] is False
    assert seen["modules"] == []


def test_it_says_how_to_go_on(installed: Installed) -> None:
    assert "Installed: airgap-assistant" in installed.said
    assert ASSISTANT in installed.said


def test_the_doctor_is_content(installed: Installed) -> None:
    done = installed.sandbox.run(ASSISTANT, "doctor", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["healthy"] is True
    assert [c for c in report["checks"] if c["status"] == "fail"] == []
    assert {"embedder", "chat model"} <= {c["name"] for c in report["checks"]}
    assert report["lockdown"]["engaged"] is True
    assert report["lockdown"]["failed"] == []


def test_a_question_is_answered_with_the_tuned_model(installed: Installed) -> None:
    done = installed.sandbox.run(ASSISTANT, "sample", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    answer = json.loads(done.stdout)
    assert "24 months" in answer["answer"]
    assert answer["abstained"] is False
    assert any(sentence["quotes"] for sentence in answer["sentences"])


def test_models_are_verified_and_pip_is_not_there(installed: Installed) -> None:
    done = installed.sandbox.run(ASSISTANT, "models", "verify", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    assert all(check["ok"] for check in json.loads(done.stdout)["checks"])
    found = installed.sandbox.run(
        f"{PREFIX}/current/venv/bin/python", "-I", "-c",
        "import importlib.util as u; print([n for n in ('pip', 'convert') if u.find_spec(n)])",
    )  # fmt: skip
    assert found.stdout.strip() == "[]"


def test_the_installed_installer_checks_updates(installed: Installed) -> None:
    """The version on the disk judges what comes on a stick, before any of that runs."""
    box = installed.sandbox
    same = box.run(MANAGE, "--verify-only", f"{STICK}/archive.zip")
    assert same.returncode == 0, same.stderr
    older = box.run(MANAGE, "--yes", f"{STICK}/archive-0.0.9-1.zip")
    assert older.returncode == 7
    assert "older than" in older.stderr
    bad = box.run(MANAGE, "--yes", "--allow-downgrade", f"{STICK}/bad.zip")
    assert bad.returncode == 7
    assert "sbom.cdx.json" in bad.stderr
    assert box.run(ASSISTANT, "--version").returncode == 0


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """The disk fills up while files are copied: 8 MiB of home, 16 MiB of model."""
    contents = small_contents() | {"models/model-1-py3-none-any.whl": bytes(16 << 20)}
    small_archive(tmp_path, contents=contents)
    box = Sandbox(tmp_path, tmp_path / "unused", home_size="8m")
    script = """if True:
        import os, runpy, sys
        sys.argv = sys.argv[1:]
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            print("exit", end.code, os.listdir(os.path.expanduser("~")))
    """
    archive = f"{STICK}/archive-1.0.0-1.zip"
    done = box.python("-c", script, archive, "--yes", "--fingerprint", WORDS)
    assert "is full" in done.stderr
    assert "exit 1 []" in done.stdout


def test_the_installer_says_what_is_wrong_on_the_bare_machine(tmp_path: Path) -> None:
    small_archive(tmp_path, machine=HERE.__class__("linux", "vax", ("3.11",), "", {}, ()))
    box = Sandbox(tmp_path, tmp_path / "home")
    done = box.python(f"{STICK}/archive-1.0.0-1.zip", "--yes", "--fingerprint", WORDS)
    assert done.returncode == 3
    assert "vax" in done.stderr
    assert list((tmp_path / "home").iterdir()) == []


def test_uninstalling_leaves_the_data(installed: Installed) -> None:
    """Last, because it removes what the tests above use."""
    box = installed.sandbox
    done = box.run(MANAGE, "--uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    left = box.python("-c", "import os; print(sorted(os.listdir()), os.listdir('.local/share'))")
    assert left.stdout.strip() == "['.local'] ['airgap-assistant']"
