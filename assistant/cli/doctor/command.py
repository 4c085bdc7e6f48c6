"""`assistant doctor`: check the installation, and say how to mend what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import click

from assistant import __version__, lockdown
from assistant.cli.doctor.swap_check import swap_finding
from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import DoctorJson, HealthCheckJson, LockdownJson
from assistant.config import Settings
from assistant.console.json_output import shaped
from assistant.console.output import Output
from assistant.errors import AssistantError, LockedError
from assistant.text.counted import counted
from assistant.unlock.unlock import LibraryUnlocker, keys_of

Status = Literal["ok", "warn", "fail"]
FREE_BYTES_WANTED = 1 << 30
MEMORY_BYTES_WANTED = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and what to do about it."""

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
    healthy = all(check.status != "fail" for check in checks)
    if invocation.output.as_json:
        invocation.output.json(
            DoctorJson(__version__, healthy, checks, lockdown_json(lockdown.current()))
        )
    else:
        _show(checks, invocation.output)
    if not healthy:
        sys.exit(1)


def _show(checks: list[HealthCheckJson], output: Output) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        output.line(MARKS[check.status], f"  {check.name:<{width}}  {check.detail}")
        if check.remedy:
            output.line(" " * (width + 8), ("What to do: ", "bold"), check.remedy)


def _guarded(name: str, check: Check, settings: Settings) -> HealthCheckJson:
    """Run one check; an error it does not expect is a failed check, not a crash."""
    try:
        found = check(settings)
    except AssistantError as error:
        found = Finding("fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - doctor must survive whatever is broken
        found = Finding("fail", f"{type(error).__name__}: {error}")
    return shaped(HealthCheckJson, found, name=name)


def _program(settings: Settings) -> Finding:
    del settings
    detail = f"{__version__}, Python {sys.version.split()[0]}, {sys.platform}"
    return Finding("ok", detail)


def _lockdown(settings: Settings) -> Finding:
    del settings
    return lockdown_finding(lockdown.current())


def lockdown_finding(current: lockdown.LockdownReport | None) -> Finding:
    """Say what is enforced here, or would be: each means and its state."""
    report = current or lockdown.preview()
    means = "; ".join(f"{f.name} ({f.state}): {f.detail}" for f in report.facilities)
    detail = f"tier '{report.tier}' on {report.platform}. {means}"
    if current is not None:
        detail += f". {report.probes} probes, {len(report.failed)} got through"
    if report.degraded:
        remedy = (
            "Documents are less protected than promised: use a system that enforces all of it "
            "(Linux 5.13 or newer with seccomp and Landlock)."
        )
        return Finding("warn", f"{detail}. Not enforced: {lockdown.said(report)}", remedy)
    return Finding("ok", detail)


def lockdown_json(current: lockdown.LockdownReport | None) -> LockdownJson:
    """Return what is in force in this process, or what would be."""
    return shaped(LockdownJson, current or lockdown.preview(), engaged=current is not None)


def _processor(settings: Settings) -> Finding:
    del settings
    from assistant.engine.cpu_features import cpu_report

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
    from assistant.engine.cpu_features import cpu_report

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
    from assistant.store import KeyMode

    keys = keys_of(settings)
    mode = keys.mode()
    if mode is KeyMode.NEW:
        return Finding("ok", "made with the first document")
    if mode is KeyMode.KEY_FILE:
        keys.key_file()
        remedy = "Give it a passphrase: assistant passphrase set"
        return Finding("warn", f"{settings.key_path} lies in the open, no passphrase", remedy)
    if not keys.wrapped().has("recovery"):
        remedy = "Make one: assistant passphrase recovery-key"
        return Finding("warn", "passphrase, no recovery key", remedy)
    return Finding("ok", "passphrase and recovery key")


def _swap(settings: Settings) -> Finding:
    del settings
    return Finding(*swap_finding())


def _library(settings: Settings) -> Finding:
    from assistant.store import store_health

    if not settings.store_path.exists():
        return Finding("ok", "none yet; add documents with: assistant add PATH...")
    try:
        key = LibraryUnlocker(settings, Output(as_json=True)).get(create=False)
    except LockedError as error:
        return Finding("warn", f"locked, not examined: {error.message}", error.hint)
    health = store_health(settings.store_path, key)
    detail = (
        f"{counted(health.documents, 'document')}, {counted(health.chunks, 'chunk')}, "
        f"{health.size / 2**20:.1f} MiB, "
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
    from assistant.engine.engine_loader import load_embedder

    embedder = load_embedder(settings)
    vector = embedder.embed_query("a test of the embedder")
    identity = embedder.identity
    return Finding("ok", f"{identity.name}, {vector.shape[0]} dimensions, verified")


def _chat_model(settings: Settings) -> Finding:
    from assistant.engine.engine_loader import has_chat_model, load_chat

    if not has_chat_model(settings):
        return Finding(
            "warn",
            "none: answers are verbatim extracts only",
            "Add one: assistant models add FILE.gguf (or run: make models)",
        )
    chat = load_chat(settings)
    return Finding("ok", f"{chat.name}, context {chat.context_length} tokens, loads")


def _parser(settings: Settings) -> Finding:
    from assistant.documents.sandboxed_parser import ChildParser
    from assistant.sample_library import sample_paths

    sample = next(path for path in sample_paths() if path.suffix == ".txt")
    with ChildParser(settings) as parser:
        parsed = parser.parse(sample)
    ok = bool(parsed.document.text.strip())
    return Finding("ok" if ok else "fail", "child process with limits works")


CHECKS: dict[str, Check] = {
    "program": _program,
    "lockdown": _lockdown,
    "processor": _processor,
    "memory": _memory,
    "data folder": _data_folder,
    "swap": _swap,
    "library key": _key,
    "library": _library,
    "document parser": _parser,
    "embedder": _embedder,
    "chat model": _chat_model,
}
