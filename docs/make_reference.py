"""Remake docs/commands.md, docs/assistant.1 and docs/json-schema.json from the commands.

    python docs/make_reference.py

`tests/unit/test_docs.py` fails when the committed files differ from what this makes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from assistant.bundle import bundle_schema
from assistant.cli import schema
from assistant.cli.advise import advise_schema
from assistant.cli.ask import answer_schema
from assistant.cli.audit import audit_schema
from assistant.cli.compare import CompareJson
from assistant.cli.conversations import conversations_schema
from assistant.cli.eval import evaluate_schema
from assistant.cli.main import cli
from assistant.cli.models import models_schema
from assistant.cli.prove.command import ProofJson
from assistant.cli.table import table_schema
from assistant.console import json_output

HERE = Path(__file__).parent
OUTPUTS = {
    "add": schema.AddJson,
    "advise": advise_schema.AdviseJson,
    "ask": answer_schema.AskJson,
    "audit accept": audit_schema.AuditAcceptJson,
    "audit export": audit_schema.AuditExportJson,
    "audit show": audit_schema.AuditShowJson,
    "audit verify": audit_schema.AuditVerifyJson,
    "bundle inspect": bundle_schema.InspectJson,
    "bundle import": bundle_schema.ImportJson,
    "bundle keys list": bundle_schema.KeysJson,
    "bundle keys trust": bundle_schema.KeysJson,
    "bundle keys revoke": bundle_schema.RevokeJson,
    "compare": CompareJson,
    "conversations delete": conversations_schema.ConversationDeletedJson,
    "conversations export": conversations_schema.ConversationExportedJson,
    "conversations list": conversations_schema.ConversationsJson,
    "conversations rename": conversations_schema.ConversationsJson,
    "conversations show": conversations_schema.ConversationShownJson,
    "docs": schema.DocsJson,
    "library check": schema.LibraryCheckJson,
    "library re-embed": schema.ReEmbedJson,
    "doctor": schema.DoctorJson,
    "eval draft": evaluate_schema.DraftJson,
    "eval review": evaluate_schema.ReviewJson,
    "eval run": evaluate_schema.EvalJson,
    "feedback add": answer_schema.FeedbackGivenJson,
    "feedback export": answer_schema.FeedbackExportJson,
    "feedback list": answer_schema.FeedbackListJson,
    "feedback remove": answer_schema.FeedbackRemovedJson,
    "feedback show": answer_schema.FeedbackGivenJson,
    "forget": schema.ForgetJson,
    "search": answer_schema.SearchJson,
    "models list": models_schema.ModelsJson,
    "models add": models_schema.ModelsJson,
    "models use": models_schema.ModelsJson,
    "models remove": models_schema.ModelsJson,
    "models setup": models_schema.ModelsJson,
    "models recommend": models_schema.RecommendJson,
    "models tune-in": models_schema.TuneInJson,
    "models verify": models_schema.VerifyJson,
    "passphrase change": schema.PassphraseChangedJson,
    "passphrase recover": schema.PassphraseChangedJson,
    "passphrase recovery-key": schema.PassphraseChangedJson,
    "passphrase set": schema.PassphraseChangedJson,
    "passphrase status": schema.PassphraseStatusJson,
    "prove-offline": ProofJson,
    "rekey": schema.PassphraseChangedJson,
    "demo": answer_schema.AskJson,
    "summary": answer_schema.AskJson,
    "table export": table_schema.TableExportedJson,
    "table fill": table_schema.TableFilledJson,
    "table list": table_schema.TableNamesJson,
    "table mark": table_schema.TableMarkedJson,
    "table remove": table_schema.TableRemovedJson,
    "table show": table_schema.TableJson,
    "table templates": table_schema.TemplatesJson,
    "sync": schema.SyncJson,
    "tag add": schema.TagsJson,
    "tag remove": schema.TagsJson,
    "tag date": schema.TagsJson,
    "tag list": schema.TagListJson,
}


def commands_page() -> str:
    """Return the text of docs/commands.md: the help of every command."""
    parts = ["# Commands", "", "Made from the program's own help by `docs/make_reference.py`.", ""]
    for path, command in walk(cli, "assistant"):
        parts += [f"## `{path}`", "```", _help(command, path, 96), "```", ""]
    return "\n".join(parts)


def manual_page() -> str:
    """Return docs/assistant.1, the manual page: the help of every command, in roff (man(7))."""
    lines = [
        ".\\\" Made from the program's own help by docs/make_reference.py.",
        '.TH ASSISTANT 1 "" "assistant" "User Commands"',
        ".SH NAME",
        "assistant \\- ask your own documents; nothing leaves this machine",
        ".SH SYNOPSIS",
        ".B assistant",
        "[COMMAND] [OPTIONS] [ARGUMENTS]",
    ]
    for path, command in walk(cli, "assistant"):
        lines += [".SH " + path.upper().replace("-", "\\-"), ".nf"]
        lines += [_roff(line) for line in _help(command, path, 72).splitlines()]
        lines.append(".fi")
    return "\n".join(lines) + "\n"


def _help(command: click.Command, path: str, width: int) -> str:
    context = click.Context(
        command,
        info_name=path,
        terminal_width=width,
        max_content_width=width,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context)


def _roff(line: str) -> str:
    """Escape a line: backslashes, minus signs that are typed, and a sign that begins a request."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def walk(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """Return the command and all below it, with their full names."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            if command.commands[name].hidden:
                continue
            found += walk(command.commands[name], f"{path} {name}")
    return found


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of every command's `--json` output, keyed by command."""
    shapes: dict[str, Any] = {}
    for name, shape in {**OUTPUTS, "any command that fails": json_output.FailureJson}.items():
        shapes[name] = _written(msgspec.json.schema(shape))
    return {"format": json_output.FORMAT, "commands": shapes}


_KEPT = (
    *("$ref", "$defs", "title", "description", "type", "properties", "required"),
    *("items", "anyOf", "enum", "additionalProperties"),
)


def _written(found: Any) -> Any:
    """Say what is written: every key is there, also one that has a default where it is made.

    What is accepted where the same class is read (patterns, lengths) is no promise.
    """
    if isinstance(found, list):
        return [_written(entry) for entry in found]
    if not isinstance(found, dict):
        return found
    kept = {key: _written(entry) for key, entry in found.items() if key in _KEPT}
    if "properties" in found:
        fields = found["properties"]
        kept["properties"] = {key: _written(entry) for key, entry in fields.items()}
        always = [
            key for key in fields if key in found.get("required", ()) or "default" in fields[key]
        ]
        kept["required"] = always
    if "$defs" in found:
        kept["$defs"] = {key: _written(entry) for key, entry in found["$defs"].items()}
    return kept


def schema_page() -> str:
    """Return the text of docs/json-schema.json."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=True) + "\n"


PAGES = {"commands.md": commands_page, "assistant.1": manual_page, "json-schema.json": schema_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
