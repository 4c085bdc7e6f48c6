"""Grids over made documents, filled by a reader that knows the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.errors import UsageError
from assistant.tabular.library_grids import LibraryGrids
from assistant.types import DocumentRecord, Feedback
from assistant.types.tabular import Column, GridEvent, GridSpec
from tests.fakes.grids import FakeGridState, FakeGridStore
from tests.fakes.reader import FakeReader

LAW = Column("Law", "Which law governs?")
FEE = Column("Fee", "How much is the fee?", "amount")
DUTIES = Column("Duties", "Which duties are there?", "list")
PAGES = {
    "a.txt": (
        "Made in Hull.\n",
        "The law of Ostravia governs. It lasts. ",
        "The fee is USD 1,500.",
    ),
    "b.txt": ("The law of Hull governs. Pay rent. Keep quiet. Keep the keys.",),
    "c.txt": ("Nothing of the kind.",),
}
ANSWERS: Mapping[str, Mapping[str, float]] = {
    LAW.question: {"Ostravia": 6.0, "law of Hull": 4.0},
    FEE.question: {"USD 1,500": 5.0, "Hull": -0.5},
    DUTIES.question: {"Keep the keys": 3.0, "Pay rent": 2.0, "Keep quiet": 1.0},
}


@dataclass
class Judge:
    """Notes feedback, and refuses corrections that name words which stand nowhere."""

    texts: Mapping[str, str]
    kept: dict[int, Feedback] = field(default_factory=dict)

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback:
        correction = feedback.correction
        if correction and correction.places and not any_words:
            (place,) = correction.places
            at = self.texts[place.document].find(place.text)
            if at < 0:
                raise UsageError("These words stand nowhere.")
            found = replace(place, page=1, start=at, end=at + len(place.text))
            feedback = replace(feedback, correction=replace(correction, places=(found,)))
        number = max(self.kept, default=0) + 1
        self.kept[number] = replace(feedback, id=number)
        return self.kept[number]

    def remove_feedback(self, feedback_id: int) -> Feedback:
        if feedback_id not in self.kept:
            raise UsageError("There is no such feedback.")
        return self.kept.pop(feedback_id)


class Made:
    """Three documents, their grids, and everything that they stand on."""

    def __init__(self, pages: Mapping[str, Sequence[str]] = PAGES) -> None:
        self.records = [
            DocumentRecord(n, name, f"/d/{name}", "text/plain", f"{n:064}", "", 1, 9, len(own), "")
            for n, (name, own) in enumerate(pages.items(), 1)
        ]
        self.texts = dict(enumerate(pages.values(), 1))
        self.reader = FakeReader(ANSWERS)
        self.state = FakeGridState()
        self.judge = Judge({name: "".join(own) for name, own in pages.items()})
        self.version = "a" * 64
        self.grids = LibraryGrids(
            FakeGridStore(self.records, self.texts),
            self.state,
            lambda: self.reader,
            self.judge,
            lambda name: self.version if name == self.reader.name else "",
        )

    def fill(
        self, *columns: Column, documents: Sequence[str] = (), again: bool = False
    ) -> list[GridEvent]:
        spec = GridSpec("deals", columns, tuple(documents))
        return list(self.grids.fill(spec, again=again))
