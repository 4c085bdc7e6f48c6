"""Draft a suite: read every page of a library, generate candidates, select questions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.errors import UsageError
from assistant.evaluation.draft.candidates import KINDS, Candidate, Page, fold
from assistant.evaluation.draft.cloze_questions import cloze
from assistant.evaluation.draft.definition_questions import definitions
from assistant.evaluation.draft.heading_questions import headings, sections
from assistant.evaluation.draft.page_word_index import WordIndex
from assistant.evaluation.draft.selection import choose, distinct, told_apart
from assistant.evaluation.draft.table_questions import tables
from assistant.evaluation.draft.unanswerable import UnanswerableQuestion, elsewhere, far, swapped
from assistant.text.sentences import split_sentences
from assistant.types import CancelToken, DocumentRecord, Workspace

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, pages read, pages in all)."""

_MOST_READ = 400_000
"""Code points of a page from which questions are made; its words are all looked at."""

_MOST_CANDIDATES = 40_000
_FAR_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to draft: at most `count` questions, of which `unanswerable_share` (0..1) are
    such; from `documents` (ids; none: all), of these `kinds`.
    """

    count: int = 50
    seed: int = 0
    unanswerable_share: float = 0.25
    documents: tuple[int, ...] = ()
    kinds: tuple[str, ...] = KINDS


@dataclass(frozen=True, slots=True)
class Draft:
    """The drafted questions, best first, out of `candidates` in all.

    `left_out` names documents that no suite can name: two have one name, or it is no text.
    """

    questions: tuple[Candidate, ...]
    unanswerable: tuple[UnanswerableQuestion, ...]
    documents: tuple[DocumentRecord, ...]
    candidates: int
    pages: int
    left_out: tuple[str, ...]


def draft(workspace: Workspace, wanted: Wanted, cancel: CancelToken, progress: Progress) -> Draft:
    """Draft questions from a library. No model is used; every page is read once.

    Raises `UsageError` for an empty library and for one that gives no question, `Cancelled`.
    """
    records = workspace.documents()
    if not records:
        raise UsageError("The library is empty.", hint="Add documents first: assistant add PATH")
    names = Counter(record.name for record in records)
    usable = [r for r in records if names[r.name] == 1 and _is_text(r.name)]
    chosen = [r for r in usable if not wanted.documents or r.id in wanted.documents]
    index, candidates, pages = _read(workspace, records, chosen, cancel, progress)
    ids = {record.name: record.id for record in usable}
    titles = _own_titles(usable)
    distinct_ones = told_apart(distinct(candidates), titles, index, ids)
    progress("choosing", pages, pages)
    fewer = round(wanted.count * wanted.unanswerable_share)
    taken = choose(distinct_ones, wanted.count - fewer, wanted.seed, wanted.kinds)
    if not taken and wanted.unanswerable_share < 1:
        raise UsageError(
            "Nothing in these documents can be made into a question.",
            hint="Questions are made of definitions, figures, tables, lists and headings. Name"
            " other documents or kinds, or write questions by hand: docs/evaluation.md",
        )
    whole = [(r.id, r.name, titles[r.name]) for r in chosen if titles.get(r.name)]
    absent = _absent(distinct_ones, taken, whole, index, fewer, wanted.seed)
    used = {c.document for c in taken}
    return Draft(
        tuple(taken),
        tuple(absent),
        tuple(record for record in chosen if record.name in used),
        len(distinct_ones),
        pages,
        tuple(dict.fromkeys(r.name for r in records if r not in usable)),
    )


def _read(
    workspace: Workspace,
    records: Sequence[DocumentRecord],
    chosen: Sequence[DocumentRecord],
    cancel: CancelToken,
    progress: Progress,
) -> tuple[WordIndex, list[Candidate], int]:
    """Read all pages: those of the chosen documents give candidates, all of them words."""
    total = sum(record.pages for record in records)
    index, found, done = WordIndex(), list[Candidate](), 0
    asked = {record.id for record in chosen}
    for record in records:
        for number in range(1, record.pages + 1):
            cancel.raise_if_cancelled()
            text = workspace.page_text(record.id, number)
            page = Page(record.id, record.name, record.title, record.media_type, number, text)
            index.add(page)
            if record.id in asked and len(found) < _MOST_CANDIDATES:
                found += candidates_of(page)
            done += 1
            progress("reading", done, total)
    return index, found, done


def candidates_of(page: Page) -> list[Candidate]:
    """Return all candidates of a page, by every rule."""
    if len(page.text) > _MOST_READ:
        page = replace(page, text=page.text[:_MOST_READ])
    sentences = split_sentences(page.text)
    return [
        *definitions(page, sentences),
        *cloze(page, sentences),
        *tables(page),
        *headings(page, sections(page), sentences),
    ]


def _absent(
    candidates: Sequence[Candidate],
    taken: Sequence[Candidate],
    titles: Sequence[tuple[int, str, str]],
    index: WordIndex,
    count: int,
    seed: int,
) -> list[UnanswerableQuestion]:
    """Return `count` unanswerable questions of mixed sorts, those near to the text first."""
    rng = random.Random(seed)  # noqa: S311 - for variety, not for secrets
    near = sorted(candidates, key=lambda c: (-c.score, c.document, c.page, c.start))
    fresh = [c for c in near if c not in taken]
    rng.shuffle(fresh)
    sorts = [
        swapped([*fresh, *taken], index, rng),
        elsewhere(fresh or taken, titles, index, rng),
        far(index, rng),
    ]
    sorts[2] = sorts[2][: max(round(count * _FAR_SHARE), count - len(sorts[0]) - len(sorts[1]))]
    made: list[UnanswerableQuestion] = []
    while any(sorts) and len(made) < count:
        # Two swapped for one of each other sort: they are the ones that tell most.
        for source in (sorts[0], sorts[1], sorts[0], sorts[2]):
            if source and len(made) < count:
                made.append(source.pop(0))
    unique = {item.question.casefold(): item for item in made}
    return sorted(unique.values(), key=lambda item: -item.score)


def _own_titles(records: Sequence[DocumentRecord]) -> dict[str, str]:
    """Return the titles that only one document has, by the document's name."""
    titles = {record.name: fold(record.title) for record in records}
    counted = Counter(title.casefold() for title in titles.values())
    return {name: title for name, title in titles.items() if counted[title.casefold()] == 1}


def _is_text(name: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in name)
