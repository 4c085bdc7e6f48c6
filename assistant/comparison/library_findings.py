"""Look through a library for what makes answers wrong: copies, old versions, unreadable text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from assistant.comparison.document_age import by_age
from assistant.comparison.near_duplicates import Alike, Sketch, near_duplicates, sketch_of
from assistant.safe_text import safe_text
from assistant.text.counted import counted
from assistant.types import CancelToken, DocumentRecord, Passage, Store
from assistant.types.conversations import Conversations
from assistant.types.library_check import FINDING_KINDS, CheckProgress, Finding

_SAME = 0.97
_VERSIONS = 0.5
_PAGED = ("application/pdf", "image/")
_LITTLE = 100
"""Characters a page: less is hardly any text."""

_LONG = 6_000
_LEAST = 200
_LETTERS = 0.55
"""Share of letters, digits and spaces in a passage that can be read."""

_REPEATED = 3
_OFTEN = 0.5
_ANSWERS = 10
"""Answers that must be kept before a document that none quotes is worth a word."""


def library_findings(
    documents: Sequence[DocumentRecord],
    passages: Callable[[int], Sequence[Passage]],
    quoted: Collection[int],
    answers: int,
    progress: CheckProgress,
    cancel: CancelToken,
) -> tuple[Finding, ...]:
    """Return what was found, the worst first.

    `passages` gives those of a document; `quoted` are the documents that some of the `answers`
    which the library keeps quote. Raises `Cancelled`.
    """
    sketches: dict[int, Sketch] = {}
    found: list[Finding] = []
    seen: Counter[int] = Counter()
    for number, record in enumerate(documents):
        cancel.raise_if_cancelled()
        progress(number, len(documents))
        own = passages(record.id)
        sketches[record.id] = sketch_of("\n".join(passage.text for passage in own))
        seen.update({hash(_plain(passage.text)) for passage in own})
        found += _of_one(record, own)
    progress(len(documents), len(documents))
    known = {record.id: record for record in documents}
    found += _alike(near_duplicates(sketches, _VERSIONS), known)
    found += _boilerplate(seen, len(documents))
    if answers >= _ANSWERS:
        found += _never_quoted([r for r in documents if r.id not in quoted], answers)
    return tuple(sorted(found, key=lambda finding: FINDING_KINDS.index(finding.kind)))


def check_library(
    store: Store, conversations: Conversations, progress: CheckProgress, cancel: CancelToken
) -> tuple[Finding, ...]:
    """Look through a library; as `library_findings` does, with the answers that are kept."""
    answers, quoted = conversations.quoted()
    documents, passages = store.documents(), store.document_passages
    return library_findings(documents, passages, quoted, answers, progress, cancel)


def _of_one(record: DocumentRecord, own: Sequence[Passage]) -> Iterator[Finding]:
    name = _name(record)
    if record.media_type.startswith(_PAGED) and record.characters < _LITTLE * record.pages:
        yield Finding(
            "little text",
            (record.id,),
            f"{name} has {record.characters} characters on {counted(record.pages, 'page')}",
            f"If there is writing on them: assistant add {name} --ocr always",
        )
    garbled = [p for p in own if len(p.text) >= _LEAST and _readable(p.text) < _LETTERS]
    if garbled:
        yield Finding(
            "garbled",
            (record.id,),
            f"{counted(len(garbled), 'passage')} of {name} hold more signs than letters "
            f"(first: {garbled[0].where})",
            "Look at the page; if it reads well: assistant add FILE --ocr always, or --encoding",
        )
    long = [p for p in own if len(p.text) > _LONG]
    if long:
        yield Finding(
            "long passages",
            (record.id,),
            f"{counted(len(long), 'passage')} of {name} are longer than {_LONG:,} characters",
            "They have no sentences or lines to be cut at: a search sees their beginning best.",
        )


def _readable(text: str) -> float:
    return sum(sign.isalnum() or sign.isspace() for sign in text) / len(text)


def _alike(pairs: Iterable[Alike], known: dict[int, DocumentRecord]) -> Iterator[Finding]:
    for pair in pairs:
        ages = by_age(known[pair.one], known[pair.other])
        old, new = ages.older, ages.newer
        ids = (old.id, new.id)
        if pair.resemblance >= _SAME:
            yield Finding(
                "same text",
                ids,
                f"{_name(old)} and {_name(new)} say the same",
                f"Keep one of them: assistant forget {old.id}",
            )
        else:
            yield Finding(
                "versions",
                ids,
                f"{_name(old)} and {_name(new)} seem to be versions of one document "
                f"({pair.resemblance:.0%} alike; the first is the older one by {ages.told_by})",
                f"See what changed: assistant compare {old.id} {new.id}; if only the newer one "
                f"holds: assistant forget {old.id}",
            )


def _boilerplate(seen: Counter[int], documents: int) -> Iterator[Finding]:
    least = max(_REPEATED, round(_OFTEN * documents))
    often = [count for count in seen.values() if count >= least]
    if often and documents >= _REPEATED:
        yield Finding(
            "boilerplate",
            (),
            f"{counted(len(often), 'passage')} stand word for word in {least} documents or more "
            f"(at most {max(often)})",
            "They come up again and again in searches; narrow these with --in, --tag or --type.",
        )


def _never_quoted(records: Sequence[DocumentRecord], answers: int) -> Iterator[Finding]:
    if records:
        names = ", ".join(_name(record) for record in records[:5])
        more = f" and {len(records) - 5} more" if len(records) > 5 else ""
        yield Finding(
            "never quoted",
            tuple(record.id for record in records),
            f"none of the {answers} answers that are kept quotes {names}{more}",
            "Nothing has to be done; if they are out of date, forget them.",
        )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _name(record: DocumentRecord) -> str:
    return safe_text(record.name, single_line=True)
