"""The table of docs/formats.md on real files, from what the program says of them.

assistant add shared/data/docs --json > ADDED
assistant library check --json > CHECKED
python -m tests.bench.files_table ADDED CHECKED
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_LIMIT = 200


def rows(added: Any, checked: Any) -> Iterator[Sequence[str]]:
    """Yield kind, documents, pages, chunks, notes with their documents, and what was refused."""
    documents: dict[str, list[Any]] = defaultdict(list)
    for document in checked["documents"]:
        documents[_kind(document["name"])].append(document)
    refused: dict[str, Counter[str]] = defaultdict(Counter)
    for failure in added["failed"]:
        refused[_kind(failure["path"])][_reason(failure["error"]["message"])] += 1
    for kind in sorted(documents.keys() | refused.keys()):
        own = documents[kind]
        notes = Counter(code for d in own for code in {n["code"] for n in d["notes"]})
        yield (
            f"`{kind}`",
            str(len(own)),
            f"{sum(d['pages'] for d in own):,}",
            f"{sum(d['chunks'] for d in own):,}",
            _said(Counter({code.replace("_", " "): n for code, n in notes.items()})),
            _said(refused[kind]),
        )


def _reason(message: str) -> str:
    return re.sub(r" \(\d+\)", "", re.sub(r"'/[^']*'", "it", message)).rstrip(".")[:_LIMIT]


def _kind(name: str) -> str:
    return Path(name).suffix.lower() or "no suffix"


def _said(counts: Counter[str]) -> str:
    return "; ".join(f"{text}: {count}" for text, count in counts.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("added", type=Path)
    parser.add_argument("checked", type=Path)
    options = parser.parse_args()
    added, checked = (json.loads(p.read_text("utf-8")) for p in (options.added, options.checked))
    print("| kind | documents | pages | chunks | notes: documents | refused: files |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows(added, checked):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
