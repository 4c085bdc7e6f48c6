"""The grids of a library in memory: `types.GridState`, and the passages of given texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assistant.errors import UsageError
from assistant.types import DocumentRecord, Page, PageStart, Passage
from assistant.types.tabular import Cell, GridSpec, column_key


class FakeGridState:
    """Implements `types.tabular.GridState`; `gone` documents take no cells."""

    def __init__(self) -> None:
        self._specs: dict[str, GridSpec] = {}
        self._cells: dict[str, dict[tuple[int, str], Cell]] = {}
        self.gone: set[int] = set()
        self.commits: list[tuple[int, int]] = []

    def names(self) -> list[str]:
        return list(self._specs)

    def spec(self, name: str) -> tuple[GridSpec, str]:
        if name not in self._specs:
            raise UsageError(f"The library has no table '{name}'.")
        return self._specs[name], "2026-12-01T10:00:00+00:00"

    def save(self, spec: GridSpec) -> None:
        self._specs[spec.name] = spec
        keys = {column_key(column) for column in spec.columns}
        before = self._cells.get(spec.name, {})
        self._cells[spec.name] = {at: cell for at, cell in before.items() if at[1] in keys}

    def cells(self, name: str) -> dict[tuple[int, str], Cell]:
        self.spec(name)
        return dict(self._cells[name])

    def put(self, name: str, document_id: int, cells: Sequence[tuple[str, Cell]]) -> bool:
        if document_id in self.gone or name not in self._specs:
            return False
        self.commits.append((document_id, len(cells)))
        self._cells[name] |= {(document_id, key): cell for key, cell in cells}
        return True

    def remove(self, name: str) -> None:
        self.spec(name)
        del self._specs[name], self._cells[name]


class FakeGridStore:
    """Documents whose passages are the paragraphs of their pages."""

    def __init__(self, documents: Sequence[DocumentRecord], pages: Mapping[int, Sequence[str]]):
        self._documents, self._pages = list(documents), pages

    def documents(self) -> list[DocumentRecord]:
        return self._documents

    def page(self, document_id: int, number: int) -> Page:
        return Page(number, self._pages[document_id][number - 1], f"page {number}")

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Those with any of the words, best first by how many of them."""
        wanted = set(query.casefold().split())
        own = [p for r in self._documents for p in self.document_passages(r.id)]
        found = [(p.chunk_id, float(len(wanted & set(p.text.casefold().split())))) for p in own
                 if documents is None or p.document_id in documents]  # fmt: skip
        return sorted(((n, score) for n, score in found if score), key=lambda h: -h[1])[:k]

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        known = {p.chunk_id: p for r in self._documents for p in self.document_passages(r.id)}
        return [known[number] for number in chunk_ids if number in known]

    def document_passages(self, document_id: int) -> list[Passage]:
        record = next(r for r in self._documents if r.id == document_id)
        found: list[Passage] = []
        at = 0
        for number, text in enumerate(self._pages[document_id], 1):
            start = PageStart(number, at)
            place = (document_id, record.name, "", at, at + len(text), text, (start,))
            found += [Passage(document_id * 100 + number, *place)] if text.strip() else []
            at += len(text)
        return found
