"""How many questions `assistant eval draft` makes, how long it takes, and how findable they are.

Two libraries, by the product's own ingest and store: the sample library and CUAD's 45 PDFs.
For each, questions are drafted as the command does (through the audited workspace), their
spans are looked up as `assistant eval` does, and the product's search is asked them. Whether
the questions are any good no program can tell: docs/drafting.md says what a reader found.

    python -m tests.bench.bench_drafting --json out.json [--count 200] [--show]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.cli.wiring import open_workspace
from assistant.config import Settings, load_settings
from assistant.evaluation.draft.draft_suite import Draft, Wanted, draft
from assistant.evaluation.draft.suite_lines import as_bytes, suite_lines
from assistant.evaluation.gold_spans import Pages, find_gold_spans
from assistant.evaluation.ranking_metrics import DEPTH, ranks_of, recall, reciprocal_rank
from assistant.evaluation.suite import Item, Suite, read_suite
from assistant.sample_library import sample_paths
from assistant.store import KeyFile
from assistant.types import CancelToken, FileFailed, Workspace
from tests.bench.report import (
    EXIT_SKIPPED,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
    shared_data,
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="questions to draft of each library")
    parser.add_argument("--show", action="store_true", help="print the questions")
    parser.add_argument("--limit", type=int, default=0, help="only so many of CUAD's contracts")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    contracts = sorted((shared_data() / "cuad" / "dev").rglob("*.pdf"))
    if not contracts:
        print("cuad/dev is not among the shared data")
        return EXIT_SKIPPED
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    libraries = {"sample": sample_paths(), "cuad": contracts[: options.limit or None]}
    for name, paths in libraries.items():
        found, more = measured(name, paths, options.count, show=options.show)
        figures += found
        details[name] = more
    publish("drafting", figures, details, options.json)
    return 0


def measured(
    name: str, paths: Sequence[Path], count: int, *, show: bool
) -> tuple[list[Figure], dict[str, Any]]:
    """Ingest a library, draft from it, and search for what was drafted."""
    with TemporaryDirectory(prefix="bench-drafting-") as folder:
        data = Path(folder)
        (data / "models").symlink_to(models_folder(), target_is_directory=True)
        settings = load_settings(data)
        workspace = open_workspace(settings, KeyFile(settings.key_path))  # public texts
        try:
            failed = [event for event in workspace.add(paths) if isinstance(event, FileFailed)]
            assert not failed, failed
            began, busy = time.perf_counter(), time.process_time()
            made = draft(workspace, Wanted(count), CancelToken(), lambda *_: None)
            times = (time.perf_counter() - began, time.process_time() - busy)
            suite = _suite(made, settings)
            if show:
                _print(suite)
            return _figures(name, workspace, suite, made, times)
        finally:
            workspace.close()


def _suite(made: Draft, settings: Settings) -> Suite:
    path = settings.data_dir / "q.jsonl"
    path.write_bytes(as_bytes(suite_lines(made)))
    return read_suite(path, unreviewed=True)


def _figures(
    name: str, workspace: Workspace, suite: Suite, made: Draft, times: tuple[float, float]
) -> tuple[list[Figure], dict[str, Any]]:
    places = find_gold_spans(suite, workspace.documents(), Pages(workspace))
    kinds = dict(zip((i.id for i in suite.items), _kinds(made), strict=True))
    ranks: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    turned: dict[str, list[bool]] = defaultdict(list)
    for item in suite.items:
        found = workspace.search(item.question, DEPTH)
        if item.answerable:
            ranks[kinds[item.id]].append(ranks_of(places[item.id], found.hits))
        else:
            turned[kinds[item.id]].append(not found.relevant)
    every = [one for group in ranks.values() for one in group]
    at5 = [recall(one, 5) for one in every]
    documents = {span.document for item in suite.items for span in item.spans}
    figures = [
        Figure(f"{name}: pages read", made.pages, "pages"),
        Figure(f"{name}: candidates to choose from", made.candidates),
        Figure(f"{name}: answerable questions drafted", len(every)),
        Figure(f"{name}: unanswerable questions drafted", len(made.unanswerable)),
        Figure(f"{name}: documents they come from", len(documents)),
        Figure(f"{name}: time for drafting", round(times[0], 2), "s"),
        Figure(f"{name}: processor time of it", round(times[1], 2), "s"),
        at_least(f"{name}: spans found by `assistant eval`", _share(places, every), 1.0),
        Figure(f"{name}: recall@5 of the product's search", sum(at5) / len(at5)),
        Figure(f"{name}: MRR", sum(map(reciprocal_rank, every)) / len(every)),
    ]
    details = {
        "recall@5": {k: sum(recall(r, 5) for r in g) / len(g) for k, g in ranks.items()},
        "questions": {k: len(g) for k, g in ranks.items()},
        "unanswerable turned away by search alone": {
            sort: f"{sum(group)} of {len(group)}" for sort, group in turned.items()
        },
    }
    return figures, details


def _kinds(made: Draft) -> list[str]:
    return [c.kind for c in made.questions] + [a.sort for a in made.unanswerable]


def _share(places: dict[str, Any], every: Sequence[object]) -> float:
    return sum(bool(place) for place in places.values()) / len(every)


def _print(suite: Suite) -> None:
    for item in suite.items:
        print(f"{item.id}  {item.question}\n      {_answer(item)}")


def _answer(item: Item) -> str:
    if not item.answerable:
        return "(none)"
    span = item.spans[0]
    return f"{span.document}, page {span.page}: {' '.join(span.text.split())[:160]}"


if __name__ == "__main__":
    sys.exit(main())
