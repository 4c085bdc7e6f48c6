"""Reading a line of text: PP-OCR's recognizer and its CTC decoding."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import ModelError

if TYPE_CHECKING:
    from assistant.engine.ocr.sampling import Grey

LINE_HEIGHT = 48
_STEP = 8
_BLANK = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of a line and how sure it is: the mean over its characters, 0..1."""

    text: str
    confidence: float


class Recognizer:
    """Wraps the session of a recognizer, whose metadata hold its characters.

    Each line is a run of its own on one thread, and as many run side by side as there are
    threads: nothing is padded, and what a line reads does not depend on its neighbours.
    Raises `ModelError` for a model without characters.
    """

    def __init__(self, session: Any, pool: ThreadPoolExecutor) -> None:
        listed = session.get_modelmeta().custom_metadata_map.get("character", "")
        if not listed:
            raise ModelError("The model that reads lines names no characters.")
        self._characters = ["", *listed.removesuffix("\n").split("\n"), " "]
        self._session = session
        self._pool = pool

    def read(self, lines: Sequence[Grey]) -> list[Reading]:
        """Read lines (0..255, each `LINE_HEIGHT` pixels high), longest first."""
        order = sorted(range(len(lines)), key=lambda n: -lines[n].shape[1])
        futures = {n: self._pool.submit(self._read, lines[n]) for n in order}
        try:
            return [futures[n].result() for n in range(len(lines))]
        finally:
            for future in futures.values():
                future.cancel()

    def _read(self, line: Grey) -> Reading:
        width = line.shape[1]
        padded = np.zeros((1, 3, LINE_HEIGHT, -(-width // _STEP) * _STEP), dtype=np.float32)
        padded[..., :width] = line / 127.5 - 1.0
        return self._decoded(self._session.run(None, {"x": padded})[0][0])

    def _decoded(self, probabilities: Any) -> Reading:
        """Take the best class of each step; repeated ones count once, blanks not at all."""
        best = probabilities.argmax(axis=1)
        kept = (best != _BLANK) & (best != np.concatenate([[_BLANK], best[:-1]]))
        if not kept.any():
            return Reading("", 0.0)
        text = "".join(self._characters[number] for number in best[kept].tolist())
        return Reading(text, float(probabilities.max(axis=1)[kept].mean()))
