"""Write a draft as lines of a suite, each marked as not yet reviewed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from assistant.evaluation.draft.candidates import Candidate
from assistant.evaluation.draft.draft_suite import Draft
from assistant.evaluation.draft.unanswerable import UnanswerableQuestion
from assistant.evaluation.suite import DRAFT, Span


def suite_lines(draft: Draft) -> list[dict[str, Any]]:
    """Return the questions as a suite has them; ids are numbers that tell nothing."""
    tables = [_answerable(c) for c in draft.questions]
    tables += [_unanswerable(a) for a in draft.unanswerable]
    return [{"id": f"d{number:03d}", **table} for number, table in enumerate(tables, start=1)]


def as_bytes(tables: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a suite's bytes: ASCII, so that nothing in it can steer a terminal."""
    return "".join(json.dumps(table) + "\n" for table in tables).encode("ascii")


def _answerable(candidate: Candidate) -> dict[str, Any]:
    span = Span(candidate.document, candidate.page, candidate.start, candidate.end, candidate.text)
    answers: dict[str, Any] = {"answers": list(candidate.answers)} if candidate.answers else {}
    note = f"{candidate.kind}, {candidate.score:.2f}"
    answers |= {"spans": [asdict(span)], "note": note, "review": DRAFT}
    return {"question": candidate.question, **answers}


def _unanswerable(absent: UnanswerableQuestion) -> dict[str, Any]:
    return {
        "question": absent.question,
        "unanswerable": True,
        "note": f"{absent.sort}: {absent.why}",
        "review": DRAFT,
    }
