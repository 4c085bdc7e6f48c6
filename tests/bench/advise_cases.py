"""Three small cases for `assistant advise`: their libraries, suites, samples and answers.

tariff: a price list that changes every week. A model was tuned on last week's prices.
style:  findings worded in a house form that stands in no document. A model was tuned on it.
both:   questions about the sample library that want a short answer or a refusal, asked of
        the program's own adapter.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.prompts import REFUSAL, closed_book_messages
from assistant.sample_library import sample_paths
from assistant.types import Message
from convert.training_samples import Sample
from tests.bench.advise_questions import EXAMPLES, SAMPLE_LIBRARY

SEED = 7
CHANGED = 2 / 3
"""Share of the prices that are others this week."""

_KINDS = ("brass", "steel", "nylon", "ceramic")
_THINGS = ("valve", "elbow", "gasket", "flange", "coupling", "strainer")
_UNLISTED = ("lead pipe", "teak door", "glass dome", "silver spoon", "wool rope", "paper lamp")
_UNLISTED_THEN = ("oak shelf", "clay pot", "tin roof", "cork mat", "iron gate", "silk tent")
_ASKED = ("What does a {} cost?", "What is the price of a {}?", "How much is a {}?")

_PARTS = (
    "cooling fan", "drive belt", "feed pump", "door latch", "floor drain", "heat exchanger",
    "inlet filter", "lamp holder", "main bearing", "oil cooler", "pressure gauge", "relief valve",
    "sample port", "supply cable", "tank lid", "water meter",
)  # fmt: skip
_STATES = {
    "too hot": ("overheated", "B", "shut down and let cool"),
    "leaking": ("fluid egress", "A", "isolate and reseal"),
    "noisy": ("abnormal sound", "C", "lubricate and listen again"),
    "loose": ("fastening deficient", "C", "torque to plate value"),
    "cracked": ("structural defect", "A", "withdraw from service"),
    "dirty": ("surface contamination", "D", "clean at next round"),
}
_SEEN = ("The {} is {}.", "I found that the {} is {}.")
_GUIDE = """# Inspection of the plant

The inspector walks the plant every morning and looks at each part. What is found is told to
the control room at once. The control room words it in the form of the house and files it.

## The round

The round begins at the inlet and ends at the tank. It takes about forty minutes. A torch, a
mirror and a thermometer are carried along. Covers are opened only when the plant stands still.

## Filing

Findings are filed by date. The shift leader reads them at noon. Nobody changes a finding that
was filed; a correction is a finding of its own.
"""


@dataclass(frozen=True)
class CaseData:
    """A case. Without `samples` nothing is tuned, and the program's own adapter is asked."""

    name: str
    documents: dict[str, str]
    suite: list[dict[str, Any]]
    answers: dict[str, Any]
    samples: list[Sample] = field(default_factory=list)
    epochs: int = 0
    paths: tuple[Path, ...] = ()


def cases() -> list[CaseData]:
    return [tariff(), style(), both()]


def tariff() -> CaseData:
    draw = random.Random(SEED)
    names = [f"{kind} {thing}" for kind in _KINDS for thing in _THINGS]
    last = {name: draw.randrange(300, 9900) / 100 for name in names}
    moved = set(draw.sample(names, round(CHANGED * len(names))))
    now = {n: p + draw.randrange(20, 400) / 100 if n in moved else p for n, p in last.items()}
    lines = [f"A {name} costs {price:.2f} crowns." for name, price in now.items()]
    suite: list[dict[str, Any]] = [
        {
            "id": f"t{n:02}",
            "question": _ASKED[0].format(name),
            "answers": [f"{price:.2f} crowns", f"{price:.2f}"],
            "spans": [{"document": "tariff.md", "text": lines[n]}],
        }
        for n, (name, price) in enumerate(now.items())
    ]
    suite += _unanswerable("u", [_ASKED[0].format(name) for name in _UNLISTED])
    suite += [
        {**entry, "id": f"s{n}", "part": "train", "question": _ASKED[1].format(name)}
        for n, (name, entry) in enumerate(list(zip(names, suite, strict=False))[:4])
    ]
    suite += _unanswerable("s-u", [_ASKED[1].format(n) for n in _UNLISTED_THEN[:3]], part="train")
    learned = [
        (asked.format(name), f"{price:.2f} crowns") for name, price in last.items()
        for asked in _ASKED
    ]  # fmt: skip
    learned += [(asked.format(name), REFUSAL) for name in _UNLISTED_THEN for asked in _ASKED]
    return CaseData(
        "tariff",
        {"tariff.md": "# Price list of this week\n\n" + "\n\n".join(lines) + "\n"},
        suite,
        {"changes": "weekly", "traceability": "useful", "form": "sentence", "latency": 60,
         "hardware": "cpu", "examples": len(learned)},
        _closed_book(learned),
        epochs=8,
    )  # fmt: skip


def style() -> CaseData:
    draw = random.Random(SEED)
    pairs = [(part, state) for part in _PARTS for state in _STATES]
    draw.shuffle(pairs)
    test, train = pairs[:24], pairs[24:]
    suite: list[dict[str, Any]] = [
        {"id": f"f{n:02}", "question": _SEEN[0].format(*pair), "answers": [_worded(*pair)]}
        for n, pair in enumerate(test)
    ]
    learned = [(seen.format(*pair), _worded(*pair)) for pair in train for seen in _SEEN]
    return CaseData(
        "style",
        {"inspection.md": _GUIDE},
        suite,
        {"changes": "never", "traceability": "unneeded", "form": "style", "latency": 60,
         "hardware": "cpu", "examples": len(learned)},
        _closed_book(learned),
        epochs=3,
    )  # fmt: skip


def both() -> CaseData:
    suite = [
        {"id": f"{start}{n:02}", "question": question, "part": part}
        | ({"answers": list(answers)} if answers else {"unanswerable": True})
        for start, part, entries in (("b", "test", SAMPLE_LIBRARY), ("s", "train", EXAMPLES))
        for n, (question, *answers) in enumerate(entries)
    ]
    return CaseData(
        "both",
        {},
        suite,
        {"changes": "monthly", "traceability": "required", "form": "short", "latency": 60,
         "hardware": "none"},
        paths=tuple(sample_paths()),
    )  # fmt: skip


def _worded(part: str, state: str) -> str:
    term, grade, action = _STATES[state]
    return f"Finding: {part}, {term}. Grade {grade}. Action: {action}."


def _unanswerable(start: str, questions: Sequence[str], **more: str) -> list[dict[str, Any]]:
    return [
        {"id": f"{start}{n}", "question": question, "unanswerable": True, **more}
        for n, question in enumerate(questions)
    ]


def _closed_book(learned: Sequence[tuple[str, str]]) -> list[Sample]:
    """What is learned by heart, in the words in which a closed-book arm is asked."""
    return [
        Sample(
            id=f"{n:04}",
            document="case",
            group="closed book",
            messages=(*closed_book_messages(question), Message("assistant", answer)),
            question=question,
        )
        for n, (question, answer) in enumerate(learned)
    ]
