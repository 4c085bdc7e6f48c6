"""The feedback of a `FakeWorkspace`, by the same rules as the real one's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.errors import UsageError
from assistant.feedback.export_rows import export
from assistant.feedback.validation import completed
from assistant.types import DocumentRecord, ExportKind, Feedback, FeedbackExport
from tests.fakes.script_player import ScriptPlayer
from tests.fakes.workspace_scripts import Step


@dataclass
class _Known:
    """The pages of a fake library, for the rules of feedback."""

    records: list[DocumentRecord]
    page_text: Callable[[int, int], str]

    def documents(self) -> list[DocumentRecord]:
        return self.records


class FakeFeedback(ScriptPlayer):
    """Keeps what was judged; `judging` is played first each time."""

    _pages: dict[int, tuple[str, tuple[str, ...]]]

    def __init__(self, judging: Sequence[Step] = (), forbidden: int | None = None) -> None:
        super().__init__(forbidden)
        self._judging = judging
        self.judged: list[Feedback] = []

    def documents(self) -> list[DocumentRecord]:
        raise NotImplementedError

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback:
        self._note("give_feedback")
        list(self._play(self._judging, None, "give_feedback"))
        known = _Known(self.documents(), lambda number, page: self._pages[number][1][page - 1])
        checked = completed(feedback, known, any_words=any_words)
        number = max((entry.id for entry in self.judged), default=0) + 1
        self.judged.append(replace(checked, id=number, at="2026-11-21T10:00:00+00:00"))
        return self.judged[-1]

    def feedback(self) -> list[Feedback]:
        self._note("feedback")
        return list(self.judged)

    def remove_feedback(self, feedback_id: int) -> Feedback:
        self._note("remove_feedback")
        for entry in self.judged:
            if entry.id == feedback_id:
                self.judged.remove(entry)
                return entry
        raise UsageError(f"There is no feedback number {feedback_id}.")

    def export_feedback(
        self, kind: ExportKind, *, training_share: float, both: bool = False
    ) -> FeedbackExport:
        self._note("export_feedback")
        known = _Known(self.documents(), lambda number, page: self._pages[number][1][page - 1])
        return export(kind, self.judged, known, training_share=training_share, both=both)
