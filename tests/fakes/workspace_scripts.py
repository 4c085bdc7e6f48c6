"""What a `FakeWorkspace` plays: its steps, its documents, and ready-made answers.

A script is a list of steps. A step is an event (it is yielded), an exception (it is
raised), `Hold` (wait until the test releases it) or `Forever` (yield until cancelled).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.types import (
    Answer,
    DocumentRecord,
    Extracted,
    FileAdded,
    FileProgress,
    FilesFound,
    Finished,
    Generated,
    Hit,
    Retrieved,
    Scores,
    SearchResult,
    Sentence,
    Timings,
)

if TYPE_CHECKING:
    from tests.fakes.workspace import FakeWorkspace

MODEL = "SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Hold:
    """Wait until `FakeWorkspace.release(name)`, or until the work is cancelled."""

    name: str = "hold"


@dataclass(frozen=True)
class Forever:
    """Yield `event` again and again until the work is cancelled."""

    event: Any = field(default_factory=lambda: Generated("and so on "))
    delay: float = 0.001


Step = Any
CONTRACT = (
    """SUPPLY AGREEMENT

This agreement is made between Northfield Pumps Ltd (the Supplier) and the Harbour Clinic
Trust (the Buyer).

1. Scope
The Supplier delivers infusion pumps, spare parts and yearly inspections.
""",
    """4. Warranty
The Supplier warrants that each pump is free from defects in material and
workmanship for a period of 24 months from the date of delivery. Claims must be
made in writing within 30 days after the defect is noticed.

5. Liability
The liability of the Supplier is limited to the price of the pumps delivered in
the twelve months before the claim.
""",
    """9. Termination
Either party may terminate this agreement with three months' notice to the end of a
quarter. The Buyer may terminate at once if a pump is recalled.
""",
)
GUIDELINE = """# Infusion pumps

Check the battery before every use. A pump with a cracked housing is taken out of service
and reported the same day.
"""
PAGES: dict[str, tuple[str, ...]] = {
    "supply-contract.pdf": CONTRACT,
    "clinic-guideline.md": (GUIDELINE,),
    "station-log.txt": ("12 March: pump 7 back from repair, warranty claim sent.\n",),
}
MEDIA = {".pdf": "application/pdf", ".md": "text/markdown", ".txt": "text/plain"}


def record(number: int, name: str, pages: Sequence[str]) -> DocumentRecord:
    text = "".join(pages)
    return DocumentRecord(
        id=number,
        name=name,
        source=f"/documents/{name}",
        media_type=MEDIA.get(Path(name).suffix, "text/plain"),
        content_hash=f"{number:064x}",
        title="",
        pages=len(pages),
        characters=len(text),
        chunks=max(len(text) // 200, 1),
        added_at="2026-01-15T09:30:00+00:00",
    )


def warranty_hits(fake: FakeWorkspace) -> tuple[Hit, ...]:
    contract = "supply-contract.pdf"
    return (
        Hit(
            fake.passage(contract, 2, "4. Warranty", "is noticed.", "Warranty"),
            Scores(0.0328, dense=0.712, dense_rank=1, bm25=8.43, bm25_rank=1),
        ),
        Hit(
            fake.passage(contract, 2, "5. Liability", "before the claim.", "Liability"),
            Scores(0.0317, dense=0.534, dense_rank=2, bm25=5.02, bm25_rank=3),
        ),
        Hit(
            fake.passage("station-log.txt", 1, "12 March", "claim sent."),
            Scores(0.0161, bm25=5.87, bm25_rank=2),
        ),
        Hit(
            fake.passage("clinic-guideline.md", 1, "Check the", "same day.", "Infusion pumps"),
            Scores(0.0159, dense=0.391, dense_rank=3),
        ),
    )


def extract(hits: Sequence[Hit], index: int, words: str) -> Sentence:
    """A verbatim sentence of hit `index`, cited where it stands."""
    passage = hits[index].passage
    start = passage.text.index(words)
    quotes = passage.cite(start, start + len(words))
    return Sentence(" ".join(words.split()), supported=True, quotes=quotes, origin="extract")


def written(hits: Sequence[Hit], text: str, index: int = 0, words: str = "") -> Sentence:
    """A sentence of the model, with a quote of hit `index` if `words` are given."""
    passage = hits[index].passage
    at = passage.text.index(words) if words else 0
    quotes = passage.cite(at, at + len(words)) if words else ()
    return Sentence(text, supported=bool(words), quotes=quotes, origin="model")


def answer(
    question: str,
    text: str,
    *,
    sentences: Sequence[Sentence] = (),
    hits: Sequence[Hit] = (),
    abstained: bool = False,
    cancelled: bool = False,
    truncated: bool = False,
) -> Answer:
    return Answer(
        question=question,
        text=text,
        abstained=abstained,
        sentences=tuple(sentences),
        passages=tuple(hits),
        relevance=0.1 if abstained else 0.9,
        timings=Timings(18.0, 6.0, None if abstained else 640.0, 24.0 if abstained else 1850.0),
        model="" if abstained else MODEL,
        cancelled=cancelled,
        truncated=truncated,
    )


WARRANTY_WORDS = (
    "The Supplier warrants that each pump is free from defects in material and\n"
    "workmanship for a period of 24 months from the date of delivery."
)


def warranty_script(
    fake: FakeWorkspace, before: Callable[[str], Sequence[Step]] = lambda _: ()
) -> list[Step]:
    """The whole course of a question about the warranty.

    `before(stage)` gives steps to put before "retrieved", "extracted", "generated",
    "finished".
    """
    hits = warranty_hits(fake)
    first = extract(hits, 0, WARRANTY_WORDS)
    drafted = ("The warranty lasts 24 months ", "from delivery. ", "It also covers ", "shipping.")
    sentences = (
        first,
        written(hits, "The warranty lasts 24 months from delivery.", 0, "24 months from the date"),
        written(hits, "It also covers shipping."),
    )
    result = SearchResult("warranty", hits, 0.9, relevant=True)
    final = answer("", " ".join(s.text for s in sentences), sentences=sentences, hits=hits)
    return [
        *before("retrieved"),
        Retrieved(result),
        *before("extracted"),
        Extracted(first),
        *before("generated"),
        *(Generated(piece) for piece in drafted),
        *before("finished"),
        Finished(final),
    ]


def abstained_script(fake: FakeWorkspace) -> list[Step]:
    hits = warranty_hits(fake)
    return [
        Retrieved(SearchResult("?", hits, 0.1, relevant=False)),
        Finished(
            answer(
                "",
                "The library does not seem to hold the answer to this question.",
                hits=hits,
                abstained=True,
            )
        ),
    ]


def plain_ingest(paths: Sequence[Path]) -> list[Step]:
    steps: list[Step] = [FilesFound(len(paths))]
    for index, path in enumerate(paths):
        steps += [
            FileProgress(path, index, "reading", 1, 1),
            FileProgress(path, index, "embedding", 4, 8),
            FileProgress(path, index, "embedding", 8, 8),
            FileAdded(path, index, record(100 + index, path.name, ("text\n",))),
        ]
    return steps
