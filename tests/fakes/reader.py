"""A reader without a model: it finds what it was told is the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.types import CancelToken, ReaderCalibration, Reading, ReadSpan


class FakeReader:
    """`answers` maps a question to its answers and the margin (nats) that each has.

    Wherever the words of an answer stand in a passage there is a span; elsewhere "no answer" is
    likelier. `asked` records the questions and the number of passages.
    """

    name = "fake-reader"

    def __init__(
        self,
        answers: Mapping[str, Mapping[str, float]],
        calibration: ReaderCalibration | None = None,
    ) -> None:
        self._answers = answers
        self.calibration = calibration or ReaderCalibration()
        self.asked: list[tuple[str, int]] = []

    def reads_whole(self, question: str) -> bool:
        return len(question) < 1_000

    def read(
        self, question: str, passages: Sequence[str], cancel: CancelToken | None = None
    ) -> list[Reading]:
        if cancel is not None:
            cancel.raise_if_cancelled()
        self.asked.append((question, len(passages)))
        return [self._reading(self._answers.get(question, {}), text) for text in passages]

    def _reading(self, answers: Mapping[str, float], text: str) -> Reading:
        spans = [
            ReadSpan(at, at + len(words), margin)
            for words, margin in answers.items()
            if (at := text.find(words)) >= 0
        ]
        spans.sort(key=lambda span: -span.score)
        if not spans:
            spans = [ReadSpan(0, len(text.split(" ", maxsplit=1)[0]), -6.0)]
        return Reading(tuple(spans), 0.0, spans[0].score)
