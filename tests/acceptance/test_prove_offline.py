"""`assistant prove-offline`: proves on this machine, and fails when something is let out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from assistant.cli.prove.command import prove_command
from assistant.prove.journey import ESCAPES
from assistant.prove.probe_runner import run_probes, users
from assistant.prove.probes import all_probes

linux = pytest.mark.skipif(sys.platform != "linux", reason="the proof is written for Linux")
pytestmark = [pytest.mark.acceptance, pytest.mark.slow, linux]

FAKE_HOST = [sys.executable, "-m", "tests.fakes.prove_host"]
FAKE_JOURNEY = [sys.executable, "-m", "tests.fakes.prove_journey"]
LEAKY_HOST = [sys.executable, "-m", "tests.fakes.prove_leak"]


@pytest.fixture(scope="module")
def proof(default_models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real command says on this machine, with the real models and the real lock."""
    data = tmp_path_factory.mktemp("prove")
    (data / "models").symlink_to(default_models)
    command = [sys.executable, "-m", "assistant", "prove-offline", "--data-dir", str(data)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, said
    said["data"], said["content"] = data, json.loads(Path(said["report"]).read_text())["report"]
    return said


def test_it_proves_for_every_user_with_sixty_probes_and_more(proof: dict[str, Any]) -> None:
    assert proof["passed"] is True
    assert proof["problems"] == []
    assert set(proof["denied"]) == set(users())
    assert all(count >= 60 for count in proof["denied"].values()), proof["denied"]


def test_every_denied_probe_has_a_control_that_left_a_trace(proof: dict[str, Any]) -> None:
    evidence = {name: probe.evidence for name, probe in all_probes().items()}
    trace = {"arrival": "arrived", "landed": "landed", "claim": "allowed"}
    for finding in proof["content"]["probes"]:
        if finding["verdict"] == "denied":
            assert finding["control"] == trace[evidence[finding["id"]]], finding
            assert finding["locked"].startswith("denied"), finding


def test_the_journey_was_made_with_the_tuned_adapter(proof: dict[str, Any]) -> None:
    journey = proof["content"]["journey"]
    steps = {step["step"]: step for step in journey["steps"]}
    assert {"ingest", "search", "ask", "export"} <= set(steps)
    assert all(step["ok"] for step in steps.values())
    assert "adapter" in steps["models"]["detail"]
    assert [escape["id"] for escape in journey["escapes"]] == list(ESCAPES)
    assert {escape["outcome"] for escape in journey["escapes"]} == {"denied"}
    assert journey["status"]["Seccomp"] == "2"
    assert journey["status"]["NoNewPrivs"] == "1"


def test_loaded_libraries_are_named_with_their_hashes(proof: dict[str, Any]) -> None:
    import hashlib

    libraries = proof["content"]["journey"]["libraries"]
    names = " ".join(library["path"] for library in libraries)
    for engine in ("llama", "onnxruntime", "vec0", "apsw", "libc.so"):
        assert engine in names
    for library in libraries[:5]:
        content = Path(library["path"]).read_bytes()
        assert library["sha256"] == hashlib.sha256(content).hexdigest()
    packages = {package["name"].lower() for package in proof["content"]["packages"]}
    assert {"click", "apsw-sqlite3mc", "llama-cpp-python"} <= {
        p.replace("_", "-") for p in packages
    }


def test_nothing_of_the_proof_stays_but_report_page_and_key(proof: dict[str, Any]) -> None:
    left = {path.name for path in proof["data"].iterdir()}
    assert left - {"tmp"} == {"models", "prove.key", "proofs"}
    assert {p.suffix for p in (proof["data"] / "proofs").iterdir()} == {".json", ".html"}


def verify(path: Path, *options: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant", "prove-offline", "--verify", str(path)]
    return subprocess.run(
        [*command, "--data-dir", str(data), *options], capture_output=True, text=True, check=False
    )


def test_the_report_is_verified_here_and_elsewhere(proof: dict[str, Any], tmp_path: Path) -> None:
    path = Path(proof["report"])
    here = verify(path, "--json", data=proof["data"])
    assert here.returncode == 0, here.stderr
    assert json.loads(here.stdout)["own_key"] is True
    elsewhere = verify(path, "--key", proof["public_key"], "--json", data=tmp_path / "data")
    assert elsewhere.returncode == 0
    assert json.loads(elsewhere.stdout)["own_key"] is False
    assert "compare it" in verify(path, data=tmp_path / "data").stdout
    assert verify(path, "--key", "00" * 32, data=tmp_path / "data").returncode == 1
    changed = tmp_path / "changed.json"
    changed.write_text(path.read_text().replace('"verdict": "denied"', '"verdict": "absent"', 1))
    refused = verify(changed, data=tmp_path / "data")
    assert refused.returncode == 1
    assert "changed after it was signed" in refused.stderr


def test_a_family_left_out_of_the_filter_is_found() -> None:
    """The real lock with one hole, the real kernel: just what goes through it is named.

    Plain TCP and raw sockets stay denied even so: Landlock knows TCP, and the powers of an
    administrator are given up. Multipath TCP it does not know.
    """
    names = ("tcp4", "tcp6", "mptcp6", "udp6", "all-families", "c-library", "fork", "exec-python")
    findings = run_probes([], host=LEAKY_HOST, probes={n: all_probes()[n] for n in names})
    through = {(f.user, f.id) for f in findings if f.verdict == "through"}
    assert through == {(user, name) for user in users() for name in ("mptcp6", "all-families")}
    assert {f.verdict for f in findings} <= {"through", "denied", "absent"}


def run_command(
    tmp_path: Path, host: list[str], journey: list[str], *options: str
) -> tuple[int, Any]:
    command: click.Command = prove_command(host, journey)
    result = CliRunner().invoke(
        command, ["--data-dir", str(tmp_path / "data"), "--json", *options], obj=None
    )
    return result.exit_code, json.loads(result.stdout)


def test_the_command_passes_where_all_is_denied(tmp_path: Path) -> None:
    code, said = run_command(tmp_path, FAKE_HOST, FAKE_JOURNEY, "--out", str(tmp_path / "usb"))
    assert (code, said["problems"]) == (0, [])
    assert Path(said["report"]).parent == tmp_path / "usb"


@pytest.mark.parametrize("leak", ["tcp6", "write-outside"])
def test_one_probe_that_gets_out_fails_the_command_and_is_named(tmp_path: Path, leak: str) -> None:
    code, said = run_command(tmp_path, [*FAKE_HOST, leak], FAKE_JOURNEY)
    assert code == 1
    assert said["passed"] is False
    assert len(said["problems"]) == len(users())
    assert all(f"Probe {leak} as" in p and "GOT THROUGH" in p for p in said["problems"])
    # The report of a failure is signed and written all the same, and says so.
    assert verify(Path(said["report"]), data=tmp_path / "data").returncode == 1


def test_a_journey_that_sends_something_fails_the_command(tmp_path: Path) -> None:
    code, said = run_command(tmp_path, FAKE_HOST, [*FAKE_JOURNEY, "sends"])
    assert code == 1
    assert said["problems"] == ["Probe udp4 in the journey's process GOT THROUGH."]


@pytest.mark.parametrize(
    ("host", "journey"),
    [
        (["false"], FAKE_JOURNEY),
        ([sys.executable, "-c", "raise SystemExit('no')"], FAKE_JOURNEY),
        (FAKE_HOST, ["false"]),
        (FAKE_HOST, ["echo", "{}"]),
        (FAKE_HOST, ["echo", "[]"]),
    ],
)
def test_a_process_that_ends_early_is_no_proof(
    tmp_path: Path, host: list[str], journey: list[str]
) -> None:
    code, said = run_command(tmp_path, host, journey)
    assert code == 1
    assert said["error"]["code"] == "proof"
