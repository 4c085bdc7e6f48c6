"""How many answers a messy library gets wrong, and how many once `library check` was followed.

    python -m tests.bench.bench_library_mess [--limit N] [--json FILE]

**The mess.** The sample library; of each of its six documents an older version, in which every
number is another one, and a copy of that under another name. **Mending.** What
`assistant library check` advises for copies and versions is done: the older one, or one of two that
say the same, is forgotten. **Right.** The English questions of
`tests/fixtures/language_questions.toml`: the first sentence that is shown holds the fact, in the
document that it is of.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from assistant.comparison.library_findings import library_findings
from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.types import CancelToken, Store
from tests.bench.bench_languages import library, questions, shares
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
)

SAMPLES = ROOT / "assistant" / "sample_library"
SOURCES = ROOT / "docs" / "sample_library"
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?![\w.]*\d)")


def older(text: str) -> str:
    """Return a text with another number in the place of each, as an earlier version has."""
    return _NUMBER.sub(lambda match: str(max(int(match[0]) - 3, 1)), text)


def make_mess(folder: Path) -> list[Path]:
    """Write the older versions and their copies; return all files of the library."""
    current = [p for p in sorted(SAMPLES.iterdir()) if p.suffix in (".md", ".txt", ".pdf")]
    files = list(current)
    for path in current:
        source = SOURCES / f"{path.stem}.md" if path.suffix == ".pdf" else path
        text = older(source.read_text(encoding="utf-8"))
        for name in (f"{path.stem} (2019).md", f"old copy of {path.stem} (2019).txt"):
            (folder / name).write_text(text, encoding="utf-8")
            files.append(folder / name)
    return files


def mend(store: Store) -> int:
    """Do what the check advises about copies and versions; return how many were forgotten."""
    gone: set[int] = set()
    while True:
        documents = store.documents()
        found = library_findings(
            documents, store.document_passages, (), 0, lambda *_: None, CancelToken()
        )
        advised = [f.documents[0] for f in found if f.kind in ("same text", "versions")]
        if not advised:
            return len(gone)
        store.forget(advised[0])
        gone.add(advised[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--limit", type=int, default=0, help="questions that are asked (0: all)")
    add_json_option(parser)
    options = parser.parse_args()
    settings = Settings(data_dir=models_folder().parent)
    reader = load_reader(settings)
    if reader is None:
        print("The reader is missing.")
        return EXIT_SKIPPED
    embedder = load_embedder(settings)
    asked, _ = questions("en", options.limit)
    with tempfile.TemporaryDirectory() as name:
        files = make_mess(Path(name))
        with library(files, embedder, settings) as store:
            before = shares(asked, store, embedder, reader, settings)
            forgotten = mend(store)
            after = shares(asked, store, embedder, reader, settings)
            kept = [record.name for record in store.documents()]
    current = sum(Path(name).parent == Path() and "(2019)" not in name for name in kept)
    figures = [
        Figure(f"right first sentences in the mess ({len(asked)} questions)", before["first"]),
        at_least("right first sentences after mending", after["first"], before["first"]),
        Figure(f"older versions found, of {current}", forgotten),
        at_least("current documents that stay, of 6", current, 6),
    ]
    publish("A messy library", figures, {"before": before, "after": after}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
