"""`assistant forget`: delete a document, and prove it where that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import CertificateJson, ForgetJson
from assistant.console.output import Output
from assistant.errors import Cancelled, ProofError, UsageError
from assistant.safe_text import safe_text
from assistant.text.counted import counted
from assistant.types import DocumentRecord
from assistant.types.conversations import ConversationRecord
from assistant.whole_file import write_in_place


@click.command()
@click.argument("document", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--certificate",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Look for what is left, and write a signed certificate of it.",
)
@click.option(
    "--conversations",
    is_flag=True,
    help="Delete the kept conversations that quote it, too, and not only their answers.",
)
@click.option(
    "--verify",
    "verified",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check a certificate instead.",
)
@click.option("--key", metavar="HEX", help="With --verify: the public key that must have signed.")
@command_options
def forget(
    invocation: Invocation,
    document: str | None,
    yes: bool,
    certificate: Path | None,
    conversations: bool,
    verified: Path | None,
    key: str | None,
) -> None:
    """Delete DOCUMENT (its id, name, or the beginning of its name) and every trace of it.

    The document's file outside the library is not touched. A certificate says, with hashes
    and counts but no word of the document, that no row, no page of the library and no file of
    the data folder holds it any more, and what was made of it that can't be reached from here.

    \b
    Examples:
      assistant forget 3
      assistant forget old-contract.pdf --yes
      assistant forget patient-4711.pdf --certificate forgotten.json --conversations
      assistant forget --verify forgotten.json --key 3f9a...
    """
    if verified is not None:
        _verify(invocation, verified, key)
        return
    if document is None or key is not None:
        raise UsageError("Name a document to forget.", hint="See: assistant forget --help")
    with invocation.workspace() as workspace:
        record = workspace.resolve(document)
        if not yes:
            _confirm(record, invocation.output)
        losing = workspace.conversations.quoting(record.id)
        report: dict[str, Any] | None = None
        if certificate is not None:
            report = workspace.forget_with_proof(record.id, conversations=conversations).report
        else:
            workspace.forget(record.id)
            for conversation in losing if conversations else ():
                workspace.conversations.remove(conversation.id)
    public = _sealed(invocation, report, certificate) if report and certificate else ""
    if invocation.output.as_json:
        invocation.output.json(ForgetJson(record, _certificate(report, public)))
    else:
        invocation.output.line(f"Forgotten: {_line(record.name)}")
        if report:
            _show(invocation.output, report, public)
            invocation.output.line(f"  Certificate: {certificate}")
    if losing and not conversations:
        _tell_of_answers(losing, invocation.output)
    if report and not report["passed"]:
        sys.exit(1)


def _sealed(invocation: Invocation, report: dict[str, Any], path: Path) -> str:
    """Sign and write a report; return the public key."""
    from assistant.prove.signature import machine_key, seal

    key = machine_key(invocation.settings.data_dir)
    write_in_place(path, seal(report, key), "The document is forgotten all the same.")
    return bytes(key.verify_key).hex()


def _verify(invocation: Invocation, path: Path, key: str | None) -> None:
    from assistant.prove.forgetting import KIND
    from assistant.prove.signature import known_public_key, unseal

    sealed = unseal(path, key)
    if sealed.report.get("kind") != KIND:
        raise ProofError(f"{path} is signed, but no certificate of forgetting.")
    try:
        said = _certificate(sealed.report, sealed.public_key)
        if invocation.output.as_json:
            invocation.output.json(ForgetJson(None, said))
        else:
            _show(invocation.output, sealed.report, sealed.public_key)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProofError(f"{path} is signed, but no certificate of this version.") from error
    own = known_public_key(invocation.settings.data_dir) == sealed.public_key
    if not own and key is None:
        invocation.output.note(
            "Anyone can sign with a key of his own; compare it with the one you noted (--key)."
        )
    if not sealed.report["passed"]:
        sys.exit(1)


def _certificate(report: dict[str, Any] | None, public_key: str) -> CertificateJson | None:
    if report is None:
        return None
    return CertificateJson(
        passed=report["passed"] is True,
        problems=[str(problem) for problem in report["problems"]],
        made_at=str(report["made_at"]),
        content_sha256=str(report["document"]["content_sha256"]),
        rows_before=sum(int(count) for count in report["rows_before"].values()),
        rows_after=sum(int(count) for count in report["rows_after"].values()),
        markers=int(report["markers"]),
        markers_left=int(report["markers_left"]),
        files_searched=int(report["files_searched"]),
        hits_in_files=int(report["hits_in_files"]),
        not_purged=[str(one) for one in report["not_purged"]],
        public_key=public_key,
    )


def _show(output: Output, report: dict[str, Any], public_key: str) -> None:
    said = _certificate(report, public_key)
    if said is None:
        return
    if said.passed:
        output.line(("Nothing of it is left. ", "bold green"), _line(said.made_at))
    else:
        output.line(("Something is left. ", "bold red"), _line(said.made_at))
        for problem in said.problems:
            output.line(("  - ", "red"), _line(problem))
    output.line(
        f"  Rows in the library: {said.rows_before} before, {said.rows_after} after. "
        f"{counted(said.markers, 'piece')} of its text looked for: "
        f"{said.markers_left} left in the library, {said.hits_in_files} in "
        f"{counted(said.files_searched, 'file')} of the data folder."
    )
    for one in said.not_purged:
        output.line(("  not purged: ", "yellow"), _line(one))
    output.line(f"  SHA-256 of the file: {_line(said.content_sha256)}")
    output.line(f"  Signed with: {said.public_key}")


def _tell_of_answers(losing: Sequence[ConversationRecord], output: Output) -> None:
    named = ", ".join(str(conversation.id) for conversation in losing)
    output.note(
        f"Answers that stood on it are gone from conversations {named}; the questions stay. "
        "Delete those too: assistant conversations delete NUMBER"
    )


def _confirm(record: DocumentRecord, output: Output) -> None:
    if output.as_json or not sys.stdin.isatty():
        raise UsageError(
            f"'{record.name}' was not forgotten, because nobody could be asked.",
            hint="Say --yes to forget it without a question.",
        )
    try:
        pages = _line(counted(record.pages, "page"))
        agreed = click.confirm(f"Forget {_line(record.name)} ({pages})?")
    except click.Abort as error:
        raise Cancelled from error
    if not agreed:
        raise Cancelled("Nothing was forgotten.")


def _line(text: str) -> str:
    return safe_text(text, single_line=True)
