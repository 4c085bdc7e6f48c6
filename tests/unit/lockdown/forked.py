"""Run a function in a forked child and take back what it returns, as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from assistant import lockdown
from assistant.errors import LockdownError
from assistant.lockdown import Policy, descriptors

REFUSED = 9


def forked(action: Callable[[int], Any], *, raw: bool = False) -> Any:
    """Return what `action` returns in a child; it is given the descriptor that must stay open.

    A child that is refused by `LockdownError` gives `{"refused": message}`. `raw`: return the
    bytes that the action wrote to the descriptor itself.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            descriptors.close_inherited([write])
            try:
                result = action(write)
            except LockdownError as error:
                result = {"refused": error.message, "exit": error.exit_code}
            os.write(write, json.dumps(result).encode())
        except BaseException as error:  # noqa: BLE001 - the test sees it
            os.write(write, json.dumps({"crashed": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text if raw else json.loads(text)


def engaged(keep: int, *, allow_degraded: bool = False, policy: Policy | None = None) -> Any:
    """Engage in a child; return the report as plain values."""
    wanted = policy or Policy()
    wanted = Policy(wanted.read, wanted.write, wanted.names, frozenset({keep}))
    report = lockdown.engage(wanted, allow_degraded=allow_degraded)
    return {
        "tier": report.tier,
        "failed": report.failed,
        "missing": [facility.name for facility in report.missing],
        "probes": report.probes,
        "degraded": report.degraded,
    }
