"""Run in a process of its own: `trial.py FOLDER UID locked|open`; prints outcomes as JSON."""

from __future__ import annotations

import asyncio  # noqa: F401 - loaded now: an unprivileged user may not read this Python later
import concurrent.futures  # noqa: F401
import json
import os
import signal
import socket
import sys
from pathlib import Path

from assistant import lockdown
from assistant.lockdown import linux  # noqa: F401
from tests.unit.lockdown import attempts


def _folders(top: Path, user: int) -> tuple[Path, Path, Path]:
    made = []
    for name in ("data", "given", "other"):
        folder = top / name
        folder.mkdir()
        os.chown(folder, user, user)
        made.append(folder)
    data, given, other = made
    for file in (given / "g.txt", other / "note.txt", other / "victim"):
        file.write_text("text")
        os.chown(file, user, user)
    return data, given, other


def _stranger(user: int) -> int:
    """Start a process of the same user that is not ours to signal once we are locked."""
    child = os.fork()
    if not child:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        signal.pause()
    return child


def main() -> None:
    top, user, locked = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "locked"
    data, given, other = _folders(top, user)
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.bind(str(other / "datagrams"))
    os.chown(other / "datagrams", user, user)
    stranger = _stranger(user)
    with attempts.listening() as port:
        place = attempts.Place(data, given, other, stranger, port)
        child = os.fork()  # the listeners stay here: what is tried has no descriptor of theirs
        if not child:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.environ["HOME"] = str(top)
            os.chdir(other)
            _report(place, locked)
        os.waitpid(child, 0)
    os.kill(stranger, 9)


def _report(place: attempts.Place, locked: bool) -> None:
    found: dict[str, object] = {}
    lockdown.close_inherited()
    if locked:
        policy = lockdown.Policy(read=(place.given,), write=(place.data,))
        report = lockdown.engage(policy)
        found["tier"] = report.tier
        found["probes"] = report.probes
    found["allowed"] = {n: attempts.outcome(a) for n, a in attempts.allowed(place).items()}
    found["denied"] = {n: attempts.outcome(a) for n, a in attempts.denied(place).items()}
    if os.uname().machine == "x86_64":
        found["int80"] = attempts.outcome(attempts.socket_by_int80)
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
