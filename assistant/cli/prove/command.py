"""`assistant prove-offline`: prove to an auditor that nothing leaves this machine."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import click

from assistant.cli.options import Invocation, command_options
from assistant.cli.sandbox import policy_for
from assistant.console.json_output import FORMAT
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import ProofError, UsageError
from assistant.whole_file import write_whole

FOLDER = "proofs"


class ProofJson(TypedDict):
    """A proof: `denied` counts, for each user, the probes that the lock stopped.

    `report` and `page` are paths, "" with `--verify`; `own_key` tells whether the report is
    signed with the key of this data folder.
    """

    format: int
    passed: bool
    problems: list[str]
    made_at: str
    version: str
    denied: dict[str, int]
    absent: dict[str, int]
    milliseconds: int
    public_key: str
    own_key: bool
    report: str
    page: str


def prove_command(host: Sequence[str] = (), journey: Sequence[str] = ()) -> click.Command:
    """Make the command. `host` and `journey` are other processes for a test to put in."""

    @click.command("prove-offline")
    @click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder for the report and its page [default: 'proofs' in the data folder].",
    )
    @click.option(
        "--verify",
        "verified",
        metavar="REPORT",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Check the signature of a report instead.",
    )
    @click.option(
        "--key", metavar="HEX", help="With --verify: the public key that must have signed it."
    )
    @command_options
    def prove_offline(
        invocation: Invocation, out: Path | None, verified: Path | None, key: str | None
    ) -> None:
        """Prove that nothing leaves this machine, for an auditor.

        The whole journey (add, ask with the model and its adapter, export) runs in a fresh,
        locked process. Then more than a hundred ways out are tried, each once without the
        lock (it must get out, to a listener on 127.0.0.1) and once with it (it must not), as
        root and as a plain user where root runs it. A signed report is written, and a page
        to read. Exit code 0 only if everything was denied and every control worked.

        \b
        Examples:
          assistant prove-offline
          assistant prove-offline --out /media/stick/proof --json
          assistant prove-offline --verify proof-20250301T101500Z.json --key 3f9a...
        """
        if verified is not None:
            _verify(invocation, verified, key)
        elif key is not None:
            raise UsageError("--key goes with --verify.", hint="See: assistant --help")
        else:
            _prove(invocation, out, host, journey)

    return prove_offline


def _prove(
    invocation: Invocation, out: Path | None, host: Sequence[str], journey: Sequence[str]
) -> None:
    if sys.platform != "linux":
        raise ProofError(
            "The proof is written for Linux.",
            hint="What this system enforces is shown by: assistant doctor",
        )
    from assistant.prove.journey import JOURNEY
    from assistant.prove.probe_runner import HOST, HostFailed
    from assistant.prove.report import make_report
    from assistant.prove.signature import machine_key

    settings = invocation.settings
    key = machine_key(settings.data_dir)
    read = policy_for(settings).read
    try:
        with progress_bar(invocation.output) as progress:
            report = make_report(
                settings.data_dir,
                read,
                progress,
                host=host or HOST,
                journey=journey or JOURNEY,
            )
    except HostFailed as error:
        raise ProofError(f"The probes ended early: {error}.") from error
    _finish(invocation, report, key, out or settings.data_dir / FOLDER)


def _finish(invocation: Invocation, report: dict[str, Any], key: Any, out: Path) -> None:
    """Write the report and its page, show the result, exit 1 if it is no proof."""
    from assistant.prove.html_report import html_page
    from assistant.prove.signature import seal

    sealed = seal(report, key)
    public = bytes(key.verify_key).hex()
    name = "proof-" + "".join(c for c in report["made_at"] if c not in "-:")
    digest = hashlib.sha256(sealed).hexdigest()
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(out / f"{name}.json", sealed)
    write_whole(out / f"{name}.html", html_page(report, public, digest).encode())
    said = _said(report, public, own=True)
    said["report"], said["page"] = str(out / f"{name}.json"), str(out / f"{name}.html")
    _show(invocation.output, said)
    if not report["passed"]:
        sys.exit(1)


def _verify(invocation: Invocation, path: Path, key: str | None) -> None:
    from assistant.prove.signature import known_public_key, unseal

    sealed = unseal(path, key)
    own = known_public_key(invocation.settings.data_dir) == sealed.public_key
    try:
        said = _said(sealed.report, sealed.public_key, own=own)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProofError(f"{path} is signed, but no report of this version.") from error
    _show(invocation.output, said, trusted=own or key is not None)
    if not said["passed"]:
        sys.exit(1)


def _said(report: dict[str, Any], public_key: str, *, own: bool) -> ProofJson:
    tallies = {str(user): dict(count) for user, count in report["counts"].items()}
    return {
        "format": FORMAT,
        "passed": report["passed"] is True,
        "problems": [str(problem) for problem in report["problems"]],
        "made_at": str(report["made_at"]),
        "version": str(report["version"]),
        "denied": {user: int(count.get("denied", 0)) for user, count in tallies.items()},
        "absent": {user: int(count.get("absent", 0)) for user, count in tallies.items()},
        "milliseconds": int(report["milliseconds"]),
        "public_key": public_key,
        "own_key": own,
        "report": "",
        "page": "",
    }


def _show(output: Output, said: ProofJson, *, trusted: bool = True) -> None:
    if output.as_json:
        output.json(said)
        return
    if said["passed"]:
        output.line(("Nothing got out. ", "bold green"), f"Made at {said['made_at']}.")
    else:
        output.line(("This is no proof. ", "bold red"), f"Made at {said['made_at']}.")
        for problem in said["problems"]:
            output.line(("  - ", "red"), problem)
    for user, denied in said["denied"].items():
        absent = said["absent"].get(user, 0)
        output.line(
            f"  As {user}: {denied} ways out denied, each with a control that got out; "
            f"{absent} not on this machine."
        )
    whose = "this machine's key" if said["own_key"] else "a key that is not of this data folder"
    output.line(f"  Signed with {whose}: {said['public_key']}")
    if not trusted:
        output.line(
            ("  note: ", "yellow"),
            "anyone can sign with a key of his own; compare it with the one you noted (--key).",
        )
    if said["report"]:
        output.line(f"  Report: {said['report']}")
        output.line(f"  To read: {said['page']}")


prove_offline = prove_command()
