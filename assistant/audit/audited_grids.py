"""Grids whose filling, viewing and changes are recorded; no text gets into the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.audit.recorder import AuditRecorder
from assistant.store.connection import Pool
from assistant.store.grid_rows import GridRows
from assistant.types import AnswerEvent, CancelToken
from assistant.types.tabular import (
    Cell,
    CellReview,
    Grid,
    GridEvent,
    GridFinished,
    Grids,
    GridSpec,
)


class AuditedGridRows(GridRows):
    """The `GridRows` of an `AuditedStore`: each change is recorded before and after it."""

    def __init__(self, pool: Pool, recorder: AuditRecorder) -> None:
        super().__init__(pool)
        self._recorder = recorder

    def save(self, spec: GridSpec) -> None:
        fields = self._recorder.named("table", spec.name) | {"columns": len(spec.columns)}
        with self._recorder.change("table", pages=False, **fields):
            super().save(spec)

    def put(self, name: str, document_id: int, cells: Sequence[tuple[str, Cell]]) -> bool:
        recorder = self._recorder
        fields = recorder.named("table", name) | {"document": document_id, "count": len(cells)}
        if said := [cell.review for _, cell in cells if cell.review]:
            fields["reviewed"] = said[0]
        with recorder.change("table-cells", pages=False, **fields) as done:
            kept = super().put(name, document_id, cells)
            done["kept"] = kept
        return kept

    def remove(self, name: str) -> None:
        self.spec(name)  # what is not there needs no record
        with self._recorder.change("table-remove", **self._recorder.named("table", name)):
            super().remove(name)


class AuditedGrids:
    """Wraps the `Grids` of a workspace: what is read and shown is recorded first."""

    def __init__(self, inner: Grids, recorder: AuditRecorder) -> None:
        self._inner, self._recorder = inner, recorder

    def names(self) -> list[str]:
        return self._inner.names()

    def load(self, name: str) -> Grid:
        grid = self._inner.load(name)
        fields = self._recorder.named("table", name)
        self._recorder.record("table-view", count=len(grid.rows), **fields)
        return grid

    def ask(
        self,
        question: str,
        documents: Sequence[str] = (),
        cancel: CancelToken | None = None,
        *,
        forced: bool = True,
    ) -> Iterator[AnswerEvent] | None:
        return self._inner.ask(question, documents, cancel, forced=forced)

    def fill(
        self, spec: GridSpec, cancel: CancelToken | None = None, *, again: bool = False
    ) -> Iterator[GridEvent]:
        """Fill as the wrapped grids do; the last event comes after its record."""
        recorder = self._recorder
        fields = recorder.named("table", spec.name) | {"columns": len(spec.columns)}
        of = recorder.record("table-fill", phase="start", **fields)
        with recorder.outcome("table-fill", of, pages=True):
            for event in self._inner.fill(spec, cancel, again=again):
                if isinstance(event, GridFinished):
                    said = {"read": event.read, "cancelled": event.cancelled}
                    recorder.record("table-fill", of=of, pages=event.read > 0, **said)
                yield event

    def review(
        self, name: str, document_id: int, column: str, review: CellReview, words: str = ""
    ) -> Cell:
        return self._inner.review(name, document_id, column, review, words)

    def remove(self, name: str) -> None:
        self._inner.remove(name)
