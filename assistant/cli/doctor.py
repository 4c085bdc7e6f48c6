"""`assistant doctor`: what is there, what is missing, and how to mend it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from assistant import __version__
from assistant.cli.options import Invocation, command_options
from assistant.cli.output import Output
from assistant.cli.schema import FORMAT, DoctorJson, HealthCheckJson
from assistant.config import Settings
from assistant.errors import AssistantError

Status = Literal["ok", "warn", "fail"]
FREE_BYTES_WANTED = 1 << 30
MEMORY_BYTES_WANTED = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    status: Status
    detail: str
    remedy: str = ""


Check = Callable[[Settings], Finding]
MARKS: dict[Status, tuple[str, str]] = {
    "ok": ("ok  ", "green"),
    "warn": ("note", "yellow"),
    "fail": ("FAIL", "bold red"),
}


@click.command()
@command_options
def doctor(invocation: Invocation) -> None:
    """Check processor, memory, models, parser and library; say how to mend what is wrong.

    Nothing is changed. Exit code 1 if a check fails.

    \b
    Example:
      assistant doctor --json
    """
    checks = [_guarded(name, check, invocation.settings) for name, check in CHECKS.items()]
    healthy = all(check["status"] != "fail" for check in checks)
    if invocation.output.as_json:
        report: DoctorJson = {
            "format": FORMAT,
            "version": __version__,
            "healthy": healthy,
            "checks": checks,
        }
        invocation.output.json(report)
    else:
        _show(checks, invocation.output)
    if not healthy:
        sys.exit(1)


def _show(checks: list[HealthCheckJson], output: Output) -> None:
    width = max(len(check["name"]) for check in checks)
    for check in checks:
        output.line(MARKS[check["status"]], f"  {check['name']:<{width}}  {check['detail']}")
        if check["remedy"]:
            output.line(" " * (width + 8), ("What to do: ", "bold"), check["remedy"])


def _guarded(name: str, check: Check, settings: Settings) -> HealthCheckJson:
    """Run one check; an error it does not expect is a failed check, not a crash."""
    try:
        found = check(settings)
    except AssistantError as error:
        found = Finding("fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - doctor must survive whatever is broken
        found = Finding("fail", f"{type(error).__name__}: {error}")
    return {
        "name": name,
        "status": found.status,
        "detail": found.detail,
        "remedy": found.remedy,
    }


def _program(settings: Settings) -> Finding:
    del settings
    detail = f"{__version__}, Python {sys.version.split()[0]}, {sys.platform}"
    return Finding("ok", detail)


def _processor(settings: Settings) -> Finding:
    del settings
    from assistant.engine import cpu_report

    report = cpu_report()
    flags = " ".join(report.llama_features)
    detail = f"{report.model}, {report.cores} cores; llama.cpp uses {flags}"
    if not report.portable:
        remedy = "Build llama-cpp-python with GGML_NATIVE=OFF (make run does this)."
        return Finding("warn", f"{detail}; not a portable build", remedy)
    if report.missing:
        lacks = ", ".join(report.missing)
        return Finding(
            "fail",
            f"{detail}; this processor lacks {lacks}",
            "Use a machine with AVX2, or build llama-cpp-python for this one.",
        )
    return Finding("ok", detail)


def _memory(settings: Settings) -> Finding:
    del settings
    from assistant.engine import cpu_report

    report = cpu_report()
    detail = f"{report.memory_available / 2**30:.1f} of {report.memory_total / 2**30:.1f} GiB free"
    if report.memory_available < MEMORY_BYTES_WANTED:
        return Finding("warn", detail, "Close other programs; 1 GiB free is wanted.")
    return Finding("ok", detail)


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(existing, os.W_OK):
        return Finding(
            "fail",
            f"{folder} can't be written",
            "Give yourself the right to write there, or choose another: --data-dir.",
        )
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {free / 2**30:.1f} GiB free"
    if free < FREE_BYTES_WANTED:
        return Finding("warn", detail, "Make room: 1 GiB free is wanted.")
    return Finding("ok", detail)


def _key(settings: Settings) -> Finding:
    path = settings.key_path
    if not path.exists():
        if settings.store_path.exists():
            return Finding(
                "fail",
                f"{path} is missing, the library can't be opened",
                "Put the key file back from your backup.",
            )
        return Finding("ok", "made with the first document")
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Finding(
            "fail",
            f"{path} can be read by others (mode {mode:o})",
            f"chmod 600 '{path}'",
        )
    return Finding("ok", str(path))


def _library(settings: Settings) -> Finding:
    from assistant.store import KeyFile, store_health

    if not settings.store_path.exists():
        return Finding("ok", "none yet; add documents with: assistant add PATH...")
    health = store_health(settings.store_path, KeyFile(settings.key_path).get(create=False))
    detail = (
        f"{health.documents} documents, {health.chunks} chunks, {health.size / 2**20:.1f} MiB, "
        f"cipher {health.cipher}, schema {health.schema}"
    )
    if not health.ok:
        return Finding(
            "fail",
            f"{detail}; damaged: {health.damage[0]}",
            "Restore the library from a backup, or add its documents again.",
        )
    return Finding("ok", detail)


def _embedder(settings: Settings) -> Finding:
    from assistant.engine import load_embedder

    embedder = load_embedder(settings)
    vector = embedder.embed_query("a test of the embedder")
    identity = embedder.identity
    return Finding("ok", f"{identity.name}, {vector.shape[0]} dimensions, verified")


def _chat_model(settings: Settings) -> Finding:
    from assistant.engine import has_chat_model, load_chat

    if not has_chat_model(settings):
        return Finding(
            "warn",
            "none: answers are verbatim extracts only",
            "Add one: assistant models add FILE.gguf (or run: make models)",
        )
    chat = load_chat(settings)
    return Finding("ok", f"{chat.name}, context {chat.context_length} tokens, loads")


def _parser(settings: Settings) -> Finding:
    from assistant.documents import ChildParser

    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "check.txt")
        sample.write_text("One sentence to parse.", encoding="utf-8")
        parser = ChildParser(settings)
        try:
            parsed = parser.parse(sample)
        finally:
            parser.close()
    ok = parsed.document.text.startswith("One sentence")
    return Finding("ok" if ok else "fail", "child process with limits works")


CHECKS: dict[str, Check] = {
    "program": _program,
    "processor": _processor,
    "memory": _memory,
    "data folder": _data_folder,
    "library key": _key,
    "library": _library,
    "document parser": _parser,
    "embedder": _embedder,
    "chat model": _chat_model,
}
