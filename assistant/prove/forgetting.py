"""Forget a document before witnesses: what was there, what is left, and a certificate of both.

Stretches of the document's own text are taken as markers before it goes. They are looked for in
every file of the data folder, and in the whole library as it lies in memory once decrypted, free
pages included. The certificate holds counts and hashes, and not a word of the document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import assistant
from assistant.store.store_traces import StoreTraces
from assistant.types import DocumentRecord, Passage
from assistant.types.forgetting import Forgotten

KIND = "forgetting"
_MARKERS = 64
_LONG = 32
"""Characters of a marker: too many to stand anywhere by chance."""

_PIECE = 1 << 22
_ENCODINGS = ("utf-8", "utf-16-le")


def forget_before_witnesses(
    record: DocumentRecord,
    passages: Sequence[Passage],
    traces: StoreTraces,
    forget: Callable[[], Mapping[str, int]],
    not_purged: Sequence[str],
    files: Callable[[], Iterable[Path]],
) -> Forgotten:
    """Call `forget`, which returns counts of what else went, and report what is left.

    `files` gives the files in which nothing may be left. Raises what `forget` raises, and
    `StoreError` where the library can't be looked through.
    """
    markers = markers_of(passages)
    before, held = traces.rows(record.id), traces.occurrences(markers)
    gone = dict(forget())
    after, left = traces.rows(record.id), traces.occurrences(markers)
    searched = list(files())
    hits = sum(_hits(path, markers) for path in searched)
    stays = sum(now >= then > 0 for then, now in zip(held, left, strict=True))
    problems = [f"{name}: {count} rows are left" for name, count in after.items() if count]
    if stays:
        problems.append(f"{stays} of {len(markers)} markers are still in the library")
    if hits:
        problems.append(f"{hits} places in files of the data folder hold a marker in the clear")
    report = {
        "kind": KIND,
        "version": assistant.__version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "document": {
            "content_sha256": record.content_hash,
            "name_sha256": hashlib.sha256(record.name.encode()).hexdigest(),
            "pages": record.pages,
            "characters": record.characters,
        },
        "rows_before": dict(before),
        "rows_after": dict(after),
        "markers": len(markers),
        "markers_before": sum(count > 0 for count in held),
        "markers_left": stays,
        "markers_of_other_documents": sum(
            0 < now < then for then, now in zip(held, left, strict=True)
        ),
        "files_searched": len(searched),
        "bytes_searched": sum(path.stat().st_size for path in searched if path.is_file()),
        "hits_in_files": hits,
        "also_gone": gone,
        "not_purged": list(not_purged),
        "problems": problems,
        "passed": not problems,
    }
    return Forgotten(record, report)


def markers_of(passages: Sequence[Passage]) -> list[str]:
    """Return stretches of the text, evenly over all of it, each once."""
    text = "\n".join(passage.text for passage in passages)
    step = max(_LONG, len(text) // _MARKERS)
    found = (text[at : at + _LONG] for at in range(0, max(len(text) - _LONG, 1), step))
    # Across a line's end the store may keep other white space than a file would.
    return list(dict.fromkeys(m for m in found if m.strip() and "\n" not in m))[:_MARKERS]


def _hits(path: Path, markers: Sequence[str]) -> int:
    """Count the markers that stand in a file in the clear."""
    forms = [marker.encode(encoding) for marker in markers for encoding in _ENCODINGS]
    found: set[bytes] = set()
    for piece in _pieces(path):
        found.update(form for form in forms if form in piece)
    return len(found)


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces that overlap, so that no marker falls between two."""
    if path.is_symlink() or not path.is_file():
        return
    with path.open("rb") as file:
        rest = b""
        while block := file.read(_PIECE):
            yield rest + block
            rest = block[-4 * _LONG :]
