"""The report of the proof: all findings, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.prove import inventory
from assistant.prove.journey import JOURNEY, make_journey
from assistant.prove.probe_runner import GOOD, HOST, Finding, Report, run_probes, users

LEAST = 60
"""Probes that must be denied, with a control that got through, for each user."""


def make_report(
    data_dir: Path,
    read: Sequence[Path],
    report: Report = lambda *_: None,
    *,
    host: Sequence[str] = HOST,
    journey: Sequence[str] = JOURNEY,
) -> dict[str, Any]:
    """Make the journey and all probes and return what is to be signed.

    `read` are the paths that the program may read besides its own. Raises `ProofError`,
    `HostFailed`, `OSError`.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    report("The journey: ingest, ask, export", 0, 0)
    travelled = make_journey(data_dir, journey)
    findings = run_probes(read, report, host=host)
    problems = [*_journey_problems(travelled), *_probe_problems(findings)]
    return {
        "program": "airgap-assistant",
        "version": __version__,
        "made_at": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "milliseconds": round(1000 * (time.monotonic() - clock)),
        "passed": not problems,
        "problems": problems,
        "users": list(users()),
        "counts": counts(findings),
        "probes": [asdict(finding) for finding in findings],
        "journey": travelled,
        "machine": inventory.machine(),
        "packages": inventory.packages(),
    }


def counts(findings: Sequence[Finding]) -> dict[str, dict[str, int]]:
    """Return, for each user, how many probes came to each verdict."""
    return {user: dict(Counter(f.verdict for f in findings if f.user == user)) for user in users()}


def _probe_problems(findings: Sequence[Finding]) -> list[str]:
    """Name each probe that got through, that nobody can judge, or whose control failed."""
    said = {
        "through": "GOT THROUGH",
        "undecided": "could not be judged",
        "control-failed": "has a control that did not work",
    }
    problems = [
        f"Probe {f.id} as {f.user} {said[f.verdict]}: locked: {f.locked}; control: {f.control}."
        for f in findings
        if f.verdict not in GOOD
    ]
    for user, count in counts(findings).items():
        denied = count.get("denied", 0)
        if denied < LEAST:
            problems.append(f"Only {denied} probes were denied as {user}; {LEAST} are wanted.")
    return problems


def _journey_problems(journey: dict[str, Any]) -> list[str]:
    """Name what in the journey is not as it must be."""
    problems = [
        f"Step '{step['step']}' of the journey failed: {step['detail']}."
        for step in journey["steps"]
        if not step["ok"]
    ]
    if not journey["steps"]:
        problems.append("The journey had no steps.")
    problems += [
        f"Probe {escape['id']} in the journey's process GOT THROUGH."
        for escape in journey["escapes"]
        if escape["outcome"] != "denied" or escape["id"] in journey["arrived"]
    ]
    if not journey["escapes"]:
        problems.append("Nothing was tried in the journey's process.")
    if not journey["control"]["arrived"]:
        problems.append("The listener did not hear the control of the journey.")
    lock = journey["lockdown"]
    if not lock or lock["tier"] != "kernel" or lock["degraded"]:
        problems.append("The journey's process was not fully locked down.")
    if journey["sockets"]:
        problems.append(f"The journey's process holds sockets: {', '.join(journey['sockets'])}.")
    return problems
