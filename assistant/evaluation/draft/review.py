"""Review drafted questions: each decision is written to the file at once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.errors import SuiteError, UsageError
from assistant.evaluation.draft.candidates import fold
from assistant.evaluation.draft.journaled_file import JournaledFile
from assistant.evaluation.draft.suite_lines import as_bytes
from assistant.evaluation.suite import DRAFT, DROPPED, KEPT, MENDED, Item, Span, read_items
from assistant.text.signs import phrase_pattern

_LONGEST_QUESTION = 4_000
_LONGEST_ANSWER = 20_000


class Review:
    """The questions of a suite that have a `review` key, one of them at hand.

    Lines without it are somebody's own: they stay as they are. Raises `SuiteError`.
    """

    def __init__(self, path: Path) -> None:
        self._file = JournaledFile(path)
        self.path = path
        self._items = read_items(path)[1]
        lines = self._file.data.decode("utf-8-sig").split("\n")
        self._tables: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
        self._shown = [n for n, item in enumerate(self._items) if item.review]
        if not self._shown:
            raise SuiteError(
                f"{path.name} has no drafted questions.",
                hint="Draft some: assistant eval draft FILE",
            )
        self._undo: list[tuple[int, dict[str, Any]]] = []
        self.position = 0
        self.to_first_left()

    # What there is -------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def items(self) -> list[Item]:
        """All questions that have a `review` key."""
        return [self._items[n] for n in self._shown]

    @property
    def item(self) -> Item:
        return self._items[self._shown[self.position]]

    @property
    def note(self) -> str:
        """How the question was made, in the words of the draft."""
        note = self._tables[self._shown[self.position]].get("note", "")
        return note if isinstance(note, str) else ""

    @property
    def left(self) -> int:
        """How many nobody has decided on."""
        return self.states()[DRAFT]

    def states(self) -> Counter[str]:
        return Counter(self._items[n].review for n in self._shown)

    # Going through -------------------------------------------------------------------

    def move(self, step: int) -> None:
        self.position = min(max(self.position + step, 0), len(self) - 1)

    def to_first_left(self) -> None:
        """Go to the first question that is left, from here on; stay if none is."""
        order = [*range(self.position, len(self)), *range(self.position)]
        self.position = next(
            (at for at in order if self._items[self._shown[at]].review == DRAFT), self.position
        )

    # Deciding: each writes the file, and raises `AssistantError` if it can't --------------

    def keep(self) -> None:
        self._change(review=MENDED if self.item.review == MENDED else KEPT)

    def drop(self) -> None:
        self._change(review=DROPPED)

    def mend_question(self, question: str) -> None:
        """Raises `UsageError` for a question without words."""
        question = fold(question)
        if not any(map(str.isalnum, question)) or len(question) > _LONGEST_QUESTION:
            raise UsageError("This is no question.", hint="Write it in words.")
        self._change(question=question, review=MENDED)

    def mend_answer(self, answer: str, page_text: str) -> bool:
        """Take another answer; whether it stands on the span's page (`page_text`).

        If it does, the span moves there (the place nearest to the old one). If not, it is
        taken as an accepted wording of what the span says.
        """
        answer = fold(answer)
        if not any(map(str.isalnum, answer)) or len(answer) > _LONGEST_ANSWER:
            raise UsageError("This is no answer.", hint="Write it in words, or mark none: U.")
        found = self._nearest(answer, page_text)
        changes: dict[str, Any] = {"answers": [answer], "review": MENDED}
        if found is not None:
            old, (start, end) = self.item.spans[0], found
            changes["spans"] = [
                asdict(Span(old.document, old.page, start, end, page_text[start:end]))
            ]
        self._change(without=("unanswerable",), **changes)
        return found is not None

    def mark_unanswerable(self) -> None:
        self._change(without=("answers", "spans"), unanswerable=True, review=MENDED)

    def undo(self) -> bool:
        """Take the last decision back; False if there is none in this sitting."""
        if not self._undo:
            return False
        at, table = self._undo[-1]
        self._write(self._shown[at], table)
        self._undo.pop()
        self.position = at
        return True

    def _nearest(self, answer: str, page_text: str) -> tuple[int, int] | None:
        if not self.item.spans or not page_text:
            return None
        pattern = phrase_pattern(answer)
        near = self.item.spans[0].start or 0
        found = [(m.start(), m.end()) for m in pattern.finditer(page_text)]
        return min(found, key=lambda span: abs(span[0] - near), default=None)

    def _change(self, *, without: tuple[str, ...] = (), **changes: Any) -> None:
        number = self._shown[self.position]
        before = self._tables[number]
        table = {k: v for k, v in before.items() if k not in without} | changes
        self._write(number, table)
        self._undo.append((self.position, before))

    def _write(self, number: int, table: dict[str, Any]) -> None:
        tables = [*self._tables[:number], table, *self._tables[number + 1 :]]
        self._file.write(as_bytes(tables))
        self._tables = tables
        self._items = read_items(self.path)[1]
