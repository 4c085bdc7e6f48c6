"""The scripted session in one locked process: its request, and how its result is checked."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import CONFIG_FILE, DATA_DIR_VARIABLE
from assistant.errors import ProofError
from assistant.prove.listeners import Listeners
from assistant.prove.probe import Absent, Arena, Refused
from assistant.prove.probe_runner import common_folder
from assistant.prove.probes import all_probes
from assistant.prove.probes_sockets import deliver, stream

ESCAPES = (
    "tcp4",
    "tcp6",
    "udp4",
    "unix-stream",
    "unix-abstract",
    "unix-datagram",
    "netlink-route",
    "c-library",
    "syscall-number",
    "machine-code",
    "io-uring-socket",
    "thread-after",
    "fork",
    "write-outside",
    "read-secret",
)
"""Probes that the journey's own process tries at its end, with every engine loaded."""
JOURNEY = (sys.executable, "-m", "assistant.cli.prove.journey")
_SECONDS = 300
_PLACE = "supply-contract.pdf"
_WORDS = "24 months"


@dataclass(frozen=True, slots=True)
class Step:
    """One command: its name, exit status, JSON output, and milliseconds."""

    name: str
    status: int
    output: str
    milliseconds: int

    @property
    def facts(self) -> dict[str, Any]:
        """What the report says: with `ok`, and the detail that shows that it worked."""
        try:
            ok, detail = _judged(self.name, json.loads(self.output))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            ok, detail = False, f"unexpected output ({type(error).__name__})"
        return {
            "step": self.name,
            "ok": ok and self.status == 0,
            "status": self.status,
            "detail": detail,
            "milliseconds": self.milliseconds,
        }


def _judged(name: str, output: dict[str, Any]) -> tuple[bool, str]:
    """Tell whether a command did its work (the positive control), and what it was."""
    if "error" in output:
        return False, str(output["error"]["message"])[:300]
    judge = _JUDGES.get(name)
    return judge(output) if judge else (True, "done")


def _ingested(output: dict[str, Any]) -> tuple[bool, str]:
    count = len(output["added"])
    return count > 0 and not output["failed"], f"{count} documents added"


def _chosen(output: dict[str, Any]) -> tuple[bool, str]:
    chat = [m for m in output["models"] if m["role"] == "chat" and m["active"]]
    if not chat:
        return False, "no chat model"
    return True, f"{chat[0]['name']}{', a tuned adapter' if chat[0]['base'] else ''}"


def _searched(output: dict[str, Any]) -> tuple[bool, str]:
    return bool(output["relevant"]), f"{len(output['passages'])} passages"


def _exported(output: dict[str, Any]) -> tuple[bool, str]:
    return bool(output["documents"]), f"list of {len(output['documents'])} documents"


def _answered(output: dict[str, Any]) -> tuple[bool, str]:
    """An answer counts if a quote of the right document says what that document says."""
    quotes = [quote for sentence in output["sentences"] for quote in sentence["quotes"]]
    good = [q for q in quotes if q["document"] == _PLACE and _WORDS in q["text"]]
    tokens = output["timings"]["generated_tokens"]
    said = f"{len(quotes)} checked quotes, {tokens} tokens by {output['model'] or 'no model'}"
    return bool(good) and tokens > 0, said


_JUDGES: dict[str, Callable[[dict[str, Any]], tuple[bool, str]]] = {
    "ingest": _ingested,
    "models": _chosen,
    "search": _searched,
    "ask": _answered,
    "export": _exported,
}


def try_escape(name: str, plan: dict[str, Any]) -> dict[str, str]:
    """Try one probe in this very process; `plan` is what `make_journey` handed over."""
    probe = all_probes()[name]
    places = plan["places"]
    arena = Arena(
        plan["tokens"][name], plan["addresses"], Path(places["data"]), Path(places["outside"])
    )
    try:
        probe.make(arena)
    except (OSError, Refused, Absent) as error:
        return {"id": name, "outcome": "denied", "detail": str(error)[:200]}
    return {"id": name, "outcome": "through", "detail": ""}


def make_journey(data_dir: Path, command: Sequence[str] = JOURNEY) -> dict[str, Any]:
    """Run the journey in a fresh process and a fresh library, and return what it reports.

    The library lies in the data folder while it lasts; the person's models are used, the
    person's documents are not touched. Raises `ProofError` if there is no report.
    """
    with (
        tempfile.TemporaryDirectory(prefix="prove-", dir=data_dir) as mine,
        tempfile.TemporaryDirectory(prefix="assistant-prove-", dir=common_folder()) as others,
        Listeners(Path(others)) as listeners,
    ):
        plan = _plan(Path(mine), Path(others), listeners)
        environment = _prepare(Path(mine), data_dir)
        report = _run(command, plan, environment)
        control = _control(listeners, Path(others), plan)
        arrived = listeners.arrived()
        landed = (Path(others) / "outside" / "plain").exists()
    known = {name for name, token in plan["tokens"].items() if token in arrived}
    if landed:
        known.add("write-outside")
    report["arrived"] = sorted(known - {"control"})
    report["control"] = {"arrived": "control" in known, **control}
    return report


def _plan(mine: Path, others: Path, listeners: Listeners) -> dict[str, Any]:
    outside = others / "outside"
    (outside / "home" / ".ssh").mkdir(parents=True)
    tokens = {name: f"prv{secrets.token_hex(12)}" for name in (*ESCAPES, "control")}
    (outside / "home" / ".ssh" / "id_ed25519").write_text(tokens["read-secret"])
    return {
        "addresses": listeners.addresses,
        "places": {"data": str(mine), "outside": str(outside)},
        "tokens": tokens,
    }


def _prepare(mine: Path, data_dir: Path) -> dict[str, str]:
    """Make a data folder with the person's models and settings, and a passphrase."""
    if (data_dir / "models").exists():
        (mine / "models").symlink_to((data_dir / "models").resolve())
    if (data_dir / CONFIG_FILE).is_file():
        shutil.copyfile(data_dir / CONFIG_FILE, mine / CONFIG_FILE)
    passphrase = mine / "passphrase"
    with os.fdopen(os.open(passphrase, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(secrets.token_hex(16) + "\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSISTANT_")}
    return {
        **kept,
        DATA_DIR_VARIABLE: str(mine),
        "ASSISTANT_PASSPHRASE_FILE": str(passphrase),
    }


def _run(
    command: Sequence[str], plan: dict[str, Any], environment: dict[str, str]
) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command,
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
        report = _shaped(json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise ProofError(f"The journey took longer than {_SECONDS} seconds.") from error
    except ValueError as error:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise ProofError(
            f"The journey ended early (status {done.returncode}): {last[0][:300]}",
            hint="See what is missing: assistant doctor",
        ) from error
    report["status_of_process"] = done.returncode
    return report


def _shaped(report: Any) -> dict[str, Any]:
    """Return the report of the journey's process. Raises `ValueError` if it is none."""
    lists, tables = ("steps", "escapes", "sockets", "libraries"), ("lockdown", "status")
    if (
        not isinstance(report, dict)
        or not all(isinstance(report.get(name), list) for name in lists)
        or not all(isinstance(report.get(name), dict) for name in tables)
    ):
        raise ValueError("no report")
    return report


def _control(listeners: Listeners, others: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """Do unlocked, from here, what the journey's process tried: it must arrive."""
    arena = Arena(plan["tokens"]["control"], listeners.addresses, others, others)
    try:
        deliver(stream(), arena, "tcp4")
    except OSError as error:
        return {"problem": str(error)}
    return {"problem": ""}
