"""Rows, suites and answers for the tests of the evaluation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.evaluation.grading import Row
from assistant.evaluation.saved_run import ArmRun, Named, SavedRun

ROW = Row(
    id="q1",
    digest="0123456789abcdef",
    answerable=True,
    answers=1,
    ranks=(1,),
    abstained=False,
    failed="",
    exact=1.0,
    f1=1.0,
    holds=True,
    cited=True,
    right=True,
    quotes=1,
    verbatim=1,
    sentences=1,
    supported=1,
    confidence=0.9,
    truncated=False,
    tokens=5,
    retrieve_ms=10.0,
    words_ms=20.0,
    first_token_ms=100.0,
    total_ms=200.0,
)
WRONG: dict[str, Any] = {
    "exact": 0.0, "f1": 0.0, "holds": False, "cited": False, "right": False,
}  # fmt: skip


def row(name: str, **changes: Any) -> Row:
    return replace(ROW, id=name, **changes)


def rows(right: Sequence[bool]) -> tuple[Row, ...]:
    return tuple(row(f"q{n}", **({} if good else WRONG)) for n, good in enumerate(right))


def arm_run(name: str, answered: Sequence[Row]) -> ArmRun:
    return ArmRun(name, "model", "a" * 64, 1 << 20, 1.0, tuple(answered))


def saved_run(*arms: ArmRun) -> SavedRun:
    suite, library = Named("suite.jsonl", "b" * 64), Named("library", "c" * 64)
    return SavedRun(1, "assistant-eval", "2026-11-21T10:00:00+00:00", "0.1", suite, library, arms)


def write_suite(path: Path, *items: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path
