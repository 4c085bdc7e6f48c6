"""The list of probes, and how an attempt and its control are judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.prove.journey import ESCAPES, try_escape
from assistant.prove.probe import Evidence, Probe
from assistant.prove.probe_runner import judge
from assistant.prove.probes import all_probes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the probes are for Linux")

THROUGH = {"outcome": "through", "detail": "", "arrived": True, "landed": False}
SILENT = {**THROUGH, "arrived": False}
LANDED = {**SILENT, "landed": True}
DENIED = {**SILENT, "outcome": "denied", "detail": "EACCES", "errno": 13}
ABSENT = {**SILENT, "outcome": "absent", "detail": "no such family"}
BROKEN = {**SILENT, "outcome": "broken", "detail": "TypeError"}


def probe(evidence: Evidence = "arrival", **options: Any) -> Probe:
    return Probe("group", evidence, "x", "what", lambda _: None, **options)


def lacking(number: int) -> dict[str, Any]:
    return {**DENIED, "errno": number}


@pytest.mark.parametrize(
    ("tried", "control", "locked", "verdict"),
    [
        (probe(), THROUGH, DENIED, "denied"),
        (probe("landed"), LANDED, DENIED, "denied"),
        (probe("claim"), SILENT, DENIED, "denied"),
        # The lock did not hold, whatever else is known.
        (probe(), THROUGH, THROUGH, "through"),
        (probe("claim"), ABSENT, SILENT, "through"),
        # It says that it was denied, but its token came, or lies there.
        (probe(), THROUGH, {**DENIED, "arrived": True}, "through"),
        (probe("landed"), LANDED, {**DENIED, "landed": True}, "through"),
        # A control that says yes but shows nothing is no control.
        (probe(), SILENT, DENIED, "control-failed"),
        (probe("landed"), SILENT, DENIED, "control-failed"),
        (probe(), DENIED, DENIED, "control-failed"),
        (probe(), BROKEN, DENIED, "control-failed"),
        # The machine lacks it: counts for nothing.
        (probe(), ABSENT, DENIED, "absent"),
        (probe(), lacking(93), DENIED, "absent"),  # EPROTONOSUPPORT
        (probe(lacking=True), DENIED, DENIED, "absent"),
        (probe(privileged=True), DENIED, DENIED, "absent"),
        (probe(lacking=True), BROKEN, DENIED, "control-failed"),
        # It did not get through, but not because it was denied.
        (probe(), THROUGH, BROKEN, "undecided"),
        (probe(), THROUGH, ABSENT, "undecided"),
        # What must work under the lock.
        (probe("allowed"), SILENT, SILENT, "works"),
        (probe("allowed"), SILENT, DENIED, "control-failed"),
        (probe("allowed"), ABSENT, ABSENT, "absent"),
    ],
)
def test_verdicts(
    tried: Probe, control: dict[str, Any], locked: dict[str, Any], verdict: str
) -> None:
    assert judge(tried, "root", control, locked).verdict == verdict


def test_there_are_more_than_sixty_and_each_says_what_it_tries() -> None:
    probes = all_probes()
    ways_out = [p for p in probes.values() if p.evidence != "allowed"]
    assert len(ways_out) > 150
    assert len({p.what for p in ways_out}) == len(ways_out)
    assert {p.evidence for p in probes.values()} == {"arrival", "landed", "claim", "allowed"}


def test_listing_the_probes_needs_no_engine() -> None:
    """The parent process of a proof opens no model; it must not even load what could."""
    import subprocess

    script = (
        "import assistant.prove.report, assistant.cli.prove.command, sys;"
        "print([m for m in ('llama_cpp', 'onnxruntime', 'numpy', 'apsw') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_journeys_own_attempts_are_made_and_reported(tmp_path: Path) -> None:
    """Unlocked, so that they get through: an attempt that is not made must not look denied."""
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    (tmp_path / "home" / ".ssh" / "id_ed25519").write_text("prv-secret")
    plan = {
        "places": {"data": str(tmp_path), "outside": str(tmp_path)},
        "addresses": {},
        "tokens": {"write-outside": "prv-token", "read-secret": "prv-secret", "tcp4": "x"},
    }
    assert try_escape("write-outside", plan)["outcome"] == "through"
    assert (tmp_path / "plain").read_text() == "prv-token\n"
    assert try_escape("read-secret", plan)["outcome"] == "through"
    assert try_escape("tcp4", plan)["outcome"] == "denied"  # nobody listens
    assert all(all_probes()[name].before is None for name in ESCAPES)
