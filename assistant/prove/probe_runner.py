"""Run all probes, each with its control, for one or two users, and grade the results."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.prove.listeners import Listeners
from assistant.prove.native_calls import LACKING
from assistant.prove.probe import Probe
from assistant.prove.probes import all_probes

Verdict = Literal["denied", "works", "absent", "through", "undecided", "control-failed"]
"""`denied`: the lock held and the control got through. `works`: what must work under the lock
does. `absent`: the control found that this machine or user lacks it; counts for nothing. The
others make the proof fail: it got through, nobody can say, or the control did not work."""
GOOD: frozenset[Verdict] = frozenset({"denied", "works", "absent"})
Report = Callable[[str, int, int], None]
HOST = (sys.executable, "-m", "assistant.prove.probe_host")
_REFUSALS = frozenset({1, 13})  # EPERM, EACCES


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one probe for one user; `locked` and `control` say it in words."""

    id: str
    group: str
    what: str
    user: str
    verdict: Verdict
    locked: str
    control: str


class HostFailed(Exception):  # noqa: N818 - translated by the caller
    """The process that makes the attempts ended early, or said something odd."""


def users() -> dict[str, int | None]:
    """Return for whom to try: this user and, if that is root, a plain user as well."""
    if os.geteuid() != 0:
        return {"unprivileged": None}
    try:
        plain = pwd.getpwnam("nobody").pw_uid
    except KeyError:
        plain = 65534
    return {"root": None, "unprivileged": plain}


def common_folder() -> str:
    """Return a folder for temporary files that is outside the data folder, for all users.

    Not `tempfile`'s own choice: the program points that into its data folder.
    """
    common = [place for place in ("/tmp", "/var/tmp") if os.access(place, os.W_OK | os.X_OK)]  # noqa: S108
    return common[0] if common else tempfile.gettempdir()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt to be made; its place in the list is its number."""

    probe: Probe
    user: str
    user_id: int | None
    locked: bool
    token: str


def run_probes(
    read: Sequence[Path],
    report: Report = lambda *_: None,
    *,
    host: Sequence[str] = HOST,
    probes: dict[str, Probe] | None = None,
) -> list[Finding]:
    """Make every attempt and return what was found. Raises `HostFailed`, `OSError`.

    For each user there is a process of its own that makes the attempts, side by side.
    """
    known = all_probes() if probes is None else probes
    attempts = [
        _Attempt(probe, user, number, locked, f"prv{secrets.token_hex(12)}")
        for user, number in users().items()
        for probe in known.values()
        for locked in (False, True)
    ]
    with tempfile.TemporaryDirectory(prefix="assistant-prove-", dir=common_folder()) as folder:
        base = Path(folder)
        base.chmod(0o755)
        with Listeners(base) as listeners:
            plan = {
                "base": folder,
                "addresses": listeners.addresses,
                "read": [str(path) for path in read],
            }
            results = _all_results(host, plan, attempts, report)
            arrived = listeners.arrived()
    for number, attempt in enumerate(attempts):
        results[number]["arrived"] = attempt.token in arrived
    return [
        judge(attempt.probe, attempt.user, results[number], results[number + 1])
        for number, attempt in enumerate(attempts)
        if not attempt.locked
    ]


def _all_results(
    host: Sequence[str], plan: dict[str, Any], attempts: Sequence[_Attempt], report: Report
) -> dict[int, dict[str, Any]]:
    """Run one host for each user at the same time and gather what they say."""
    results: dict[int, dict[str, Any]] = {}

    def run(user: str) -> None:
        mine = [
            (number, a.probe.id, a.locked, a.user_id, a.token)
            for number, a in enumerate(attempts)
            if a.user == user
        ]
        for result in _results(host, {**plan, "attempts": mine}):
            results[result["number"]] = result
            report(attempts[result["number"]].probe.what, len(results), len(attempts))

    named = list(dict.fromkeys(a.user for a in attempts))
    with ThreadPoolExecutor(max_workers=max(1, len(named))) as pool:
        for done in [pool.submit(run, user) for user in named]:
            done.result()
    if len(results) != len(attempts):
        raise HostFailed(f"{len(attempts) - len(results)} attempts were not made")
    return results


def _results(host: Sequence[str], plan: dict[str, Any]) -> Iterable[dict[str, Any]]:
    with (
        tempfile.TemporaryFile() as job,
        tempfile.TemporaryFile() as complaints,
    ):
        job.write(json.dumps(plan).encode())
        job.seek(0)
        process = subprocess.Popen(
            host, stdin=job, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        try:
            for line in process.stdout or ():
                yield json.loads(line)
        finally:
            process.kill()
            process.wait()
        complaints.seek(0)
        text = complaints.read().decode(errors="replace").strip()
    if text:
        raise HostFailed(text.splitlines()[-1])


def judge(probe: Probe, user: str, control: dict[str, Any], locked: dict[str, Any]) -> Finding:
    """Compare an attempt with its control."""
    verdict = _verdict(probe, user, control, locked)
    return Finding(
        probe.id,
        probe.group,
        probe.what,
        user,
        verdict,
        _words(probe, locked),
        _words(probe, control),
    )


def _verdict(probe: Probe, user: str, control: dict[str, Any], locked: dict[str, Any]) -> Verdict:
    if probe.evidence == "allowed":
        missing: Verdict = "absent" if control["outcome"] == "absent" else "control-failed"
        return "works" if locked["outcome"] == "through" else missing
    if locked["outcome"] == "through" or locked["arrived"] or locked["landed"]:
        return "through"
    if _lacking(probe, user, control):
        return "absent"
    if not _succeeded(probe, control):
        return "control-failed"
    return "denied" if locked["outcome"] == "denied" else "undecided"


def _succeeded(probe: Probe, result: dict[str, Any]) -> bool:
    shown = (
        probe.evidence not in ("arrival", "landed")
        or result["arrived" if probe.evidence == "arrival" else "landed"]
    )
    return result["outcome"] == "through" and bool(shown)


def _lacking(probe: Probe, user: str, control: dict[str, Any]) -> bool:
    """Tell whether the control failed because there is nothing to try here."""
    if control["outcome"] == "absent":
        return True
    if control["outcome"] != "denied":
        return False
    code = control.get("errno")
    forbidden = probe.privileged and (code in _REFUSALS or user == "unprivileged")
    return probe.lacking or code in LACKING or forbidden


def _words(probe: Probe, result: dict[str, Any]) -> str:
    """Say in a few words how an attempt ended."""
    seen = [word for word in ("arrived", "landed") if result[word]]
    if result["outcome"] == "through":
        shown = "allowed" if probe.evidence in ("claim", "allowed") else "no trace of it"
        return seen[0] if seen else shown
    detail = str(result["detail"])[:200]
    text = f"{result['outcome']}: {detail}" if detail else str(result["outcome"])
    return f"{text}; but it {seen[0]}" if seen else text
