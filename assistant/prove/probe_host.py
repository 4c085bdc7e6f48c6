"""The process that makes the attempts: it forks a child for each, locked down or not.

    python -m assistant.prove.probe_host < plan.json

It is started fresh, imports what the probes need, and has one thread only. It reads a plan
(JSON) and writes one line of JSON for each attempt.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import json
import os
import pkgutil
import shutil
import signal
import sys
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from assistant import lockdown
from assistant.errors import AssistantError
from assistant.prove.probe import Absent, Arena, Probe, Refused
from assistant.prove.probes import all_probes

Lock = Callable[[tuple[Path, ...], Path], object]
"""Locks the process: what may be read, and the one folder that may be written."""
Locking = Callable[[], object]
SECONDS = 60
_DUMPABLE = 4


def real_lock(read: tuple[Path, ...], data: Path) -> object:
    """Lock this process as the program does it (`cli.sandbox`). Raises `LockdownError`."""
    lockdown.close_inherited()
    return lockdown.engage(lockdown.Policy(read=read, write=(data,)), allow_degraded=False)


def main(lock: Lock = real_lock, probes: dict[str, Probe] | None = None) -> None:
    """Read the plan from standard input and carry it out.

    Its "attempts" are (number, probe, locked, user id or None, token); see `trial`.
    """
    plan = json.load(sys.stdin)
    base, read = Path(plan["base"]), tuple(map(Path, plan["read"]))
    known = all_probes() if probes is None else probes
    _preload()
    for number, name, locked, user, token in plan["attempts"]:
        arena = _arena(base, plan["addresses"], number, user, token)
        locking = partial(lock, read, arena.data) if locked else None
        result = _attempt(known[name], arena, locking, user)
        result["landed"] = _landed(arena)
        shutil.rmtree(arena.data.parent, ignore_errors=True)
        sys.stdout.write(json.dumps({"number": number, **result}) + "\n")
        sys.stdout.flush()


def _preload() -> None:
    """Import the whole lockdown now: another user may not be able to read our files."""
    for module in pkgutil.iter_modules(lockdown.__path__, f"{lockdown.__name__}."):
        with contextlib.suppress(ImportError):  # those of other systems
            importlib.import_module(module.name)
    sysconfig.get_config_vars()
    lockdown.preview()


def _arena(
    base: Path, addresses: dict[str, Any], number: int, user: int | None, token: str
) -> Arena:
    """Make the folders of one attempt, with a secret in the part that is forbidden."""
    folder = base / str(number)
    data, outside = folder / "data", folder / "outside"
    secrets = outside / "home" / ".ssh"
    for place in (folder, data, outside, outside / "home", secrets):
        place.mkdir(mode=0o755)
    (secrets / "id_ed25519").write_text(token, encoding="ascii")
    (outside / "existing").write_text("here before\n", encoding="ascii")
    helpers = {}
    if user is not None:
        helpers = _set_user_id(base)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, user, user)
    return Arena(token, addresses, data, outside, helpers)


def _set_user_id(base: Path) -> dict[str, str]:
    """Make a program that runs as root for everybody (only root can), once."""
    helper = base / "id"
    original = shutil.which("id")
    if not helper.exists() and original:
        shutil.copyfile(original, helper)
        helper.chmod(0o4755)
    return {"setuid": str(helper)}


def _landed(arena: Arena) -> bool:
    """Tell whether the token is in a name or a file outside that was not there before."""
    token = arena.token.encode()
    for place in arena.outside.rglob("*"):
        if place == arena.secret:
            continue
        if arena.token in place.name:
            return True
        with contextlib.suppress(OSError):
            if place.is_file() and token in place.read_bytes():
                return True
    return False


def _attempt(probe: Probe, arena: Arena, lock: Locking | None, user: int | None) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(probe, arena, lock, user, writing)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)  # helpers of the probe that are still there
    with os.fdopen(reading, "rb") as pipe:
        os.set_blocking(pipe.fileno(), False)
        text = pipe.read() or b""
    return _outcome(text, status)


def _outcome(text: bytes, status: int) -> dict[str, Any]:
    """Say how an attempt ended: by its own report, or by how its process did."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        by_kernel = name in ("SIGSYS", "SIGKILL")
        return {"outcome": "denied" if by_kernel else "broken", "detail": f"killed by {name}"}
    try:
        result: dict[str, Any] = json.loads(text)
    except ValueError:
        if text:
            return {"outcome": "broken", "detail": "its report can't be read"}
        # It became another program (exec); what that program says is its exit status.
        code = os.waitstatus_to_exitcode(status)
        return {"outcome": "denied" if code else "through", "detail": f"exit status {code}"}
    return result


def _child(
    probe: Probe, arena: Arena, lock: Locking | None, user: int | None, writing: int
) -> None:
    """Do the attempt in this child and report on descriptor 1. Never returns."""
    result: dict[str, Any] = {"outcome": "broken", "detail": "no result"}
    try:
        os.setsid()
        os.dup2(writing, 1)
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 0)
        os.dup2(quiet, 2)
        signal.alarm(SECONDS)
        os.environ["HOME"] = str(arena.outside / "home")
        if user is not None:
            _become(user)
        result = _tried(probe, arena, lock)
    except BaseException as error:  # noqa: BLE001 - the parent is to hear of it
        result = {"outcome": "broken", "detail": f"{type(error).__name__}: {error}"}
    finally:
        with contextlib.suppress(BaseException):
            os.write(1, json.dumps(result).encode())
        os._exit(0)


def _become(user: int) -> None:
    """Give up root for good. Other processes of that user may look into this one again,
    or the controls of ptrace and the like would fail for another reason than the lock.
    """
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(_DUMPABLE, 1, 0, 0, 0)


def _tried(probe: Probe, arena: Arena, lock: Locking | None) -> dict[str, Any]:
    try:
        held = probe.before(arena) if probe.before else None
    except (OSError, Absent) as error:
        return {"outcome": "absent", "detail": f"can't be set up: {_reason(error)}"}
    if lock is not None:
        try:
            lock()
        except AssistantError as error:
            # Right for a process that has something forbidden about it from before; for any
            # other the lock does not work here, and nothing was proved.
            outcome = "denied" if probe.before else "broken"
            return {"outcome": outcome, "detail": f"refused to start: {error.message}"}
    try:
        probe.make(arena, held)
    except Absent as error:
        return {"outcome": "absent", "detail": str(error)}
    except (OSError, Refused) as error:
        code = error.errno if isinstance(error, OSError) else None
        return {"outcome": "denied", "detail": _reason(error), "errno": code}
    return {"outcome": "through", "detail": ""}


def _reason(error: BaseException) -> str:
    code = error.errno if isinstance(error, OSError) else None
    named = errno.errorcode.get(code) if code else None
    return named or str(error) or type(error).__name__


if __name__ == "__main__":
    main()
