"""The report of the dataset step, for a terminal and as JSON, without full personal values."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from assistant.console.output import Output

_MOST_PLACES = 20


@dataclass(slots=True)
class Report:
    """Findings by kind: how many, and where the first of them are.

    `dropped` counts samples that were left out, `noted` what was found and kept.
    `personal` counts distinct values of each kind of identifier.
    """

    bad_rows: list[tuple[str, str]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    personal_values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    personal_samples: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, dict[str, int]] = field(default_factory=dict)

    def drop(self, reason: str, place: str) -> None:
        self.dropped[reason] += 1
        self._place(reason, place)

    def note(self, reason: str, place: str) -> None:
        self.noted[reason] += 1
        self._place(reason, place)

    def _place(self, reason: str, place: str) -> None:
        if len(self.places[reason]) < _MOST_PLACES:
            self.places[reason].append(place)

    def personal(self, kind: str, value: str, hint: str, place: str) -> None:
        """Note one identifier; `hint` is all of it that a report may show."""
        if value not in self.personal_values[kind]:
            self.personal_values[kind].add(value)
            self._place(f"personal: {kind}", f"{place}: {hint}")

    def json(self) -> dict[str, Any]:
        return {
            "bad_rows": [{"place": p, "problem": what} for p, what in self.bad_rows[:200]],
            "bad_row_count": len(self.bad_rows),
            "dropped": dict(self.dropped),
            "noted": dict(self.noted),
            "lengths": self.lengths,
            "personal": {
                kind: {
                    "distinct_values": len(values),
                    "samples": self.personal_samples[kind],
                    "places": self.places.get(f"personal: {kind}", []),
                }
                for kind, values in sorted(self.personal_values.items())
            },
            "places": {k: v for k, v in self.places.items() if not k.startswith("personal: ")},
        }


def show(manifest: dict[str, Any], output: Output) -> None:
    """Print a dataset's manifest and report for a person."""
    rows = [
        [split, *(str(counts.get(k, 0)) for k in ("samples", "answer", "refusal", "chat")),
         str(counts["groups"]), str(counts["documents"])]
        for split, counts in manifest["counts"].items()
    ]  # fmt: skip
    columns = ["split", "samples", "answers", "refusals", "chats", "groups", "documents"]
    output.table(columns, rows, right=frozenset(range(1, 7)))
    report = manifest["report"]
    for split, figures in report["lengths"].items():
        output.line(
            f"{split}: {figures['median']} tokens in the middle, 95% up to {figures['p95']}, "
            f"the longest {figures['longest']} ({manifest['lengths_counted']})"
        )
    _show_counts("Left out", report["dropped"], report["places"], output)
    _show_counts("Noted", report["noted"], report["places"], output)
    for row in report["bad_rows"][:5]:
        output.line(("Row left out: ", "yellow"), f"{row['place']}: {row['problem']}")
    if report["personal"]:
        output.line((f"Personal identifiers ({manifest['settings']['personal']}):", "bold"))
        lines = [
            [
                kind,
                str(found["distinct_values"]),
                str(found["samples"]),
                (found["places"] or [""])[0],
            ]
            for kind, found in report["personal"].items()
        ]
        output.table(["kind", "values", "samples", "first place"], lines, right=frozenset({1, 2}))


def _show_counts(
    title: str, counts: dict[str, int], places: dict[str, list[str]], output: Output
) -> None:
    for reason, count in counts.items():
        first = places.get(reason, [""])[0]
        output.line((f"{title}: ", "yellow"), f"{count} x {reason}, first at {first}")
