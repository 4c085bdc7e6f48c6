"""Decode several continuations of one cached prefix in one batch.

Sequence 0 is the decoder's own, with the beginning that all share. Others are forked from it
and from each other: what they share is computed once and lies in the cache once. All that is
fed in one call is decoded together, in as few batches as possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from assistant.engine.likelihood import LogProbabilities, log_probability, log_softmax
from assistant.engine.llama_runtime import BATCH
from assistant.engine.prefix_cache import CachedDecoder, is_usable, not_finite
from assistant.errors import Cancelled, EngineError
from assistant.types import CancelToken

Row = tuple[int, int, int, bool]
"""(token, position, sequence, whether the logits after it are wanted)"""


class Sequences:
    """Continuations of what `decoder` has cached; a context manager that drops them all.

    Its methods raise `Cancelled`, `EngineError`; nothing is cached then.
    """

    def __init__(self, decoder: CachedDecoder, cancel: CancelToken) -> None:
        self._decoder = decoder
        self._runtime = decoder.runtime
        self._cancel = cancel
        self._lengths = {0: len(decoder.cached)}

    def __enter__(self) -> Sequences:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release(*(number for number in self._lengths if number))

    @property
    def free(self) -> int:
        """How many more sequences there can be."""
        return self._runtime.sequences - len(self._lengths)

    def fork(self, source: int = 0) -> int:
        """Begin a sequence with all that `source` has so far; return its number."""
        unused = (n for n in range(self._runtime.sequences) if n not in self._lengths)
        number = next(unused, None)
        if number is None:
            raise EngineError("The model can't read so many passages side by side.")
        self._runtime.copy_sequence(source, number)
        self._lengths[number] = self._lengths[source]
        return number

    def release(self, *numbers: int) -> None:
        """Forget sequences; their numbers are free again."""
        for number in numbers:
            self._runtime.drop_sequence(number)
            del self._lengths[number]

    def feed(self, parts: Mapping[int, Sequence[int]]) -> dict[int, LogProbabilities]:
        """Append tokens to sequences; return each one's log-probabilities of the next token.

        Shape (vocabulary,) each. No part may be empty.
        """
        rows = [
            row for number, tokens in parts.items() for row in self._rows(number, tokens, last=True)
        ]
        found: dict[int, LogProbabilities] = {}
        for row, logits in self._decoded(rows):
            found[row[2]] = log_softmax(logits)
        return found

    def score(self, parts: Mapping[int, Sequence[int]]) -> dict[int, float]:
        """Append tokens to sequences; return how likely each one's tokens but the first are.

        The sum of their log-probabilities (nats); the last token is not fed.
        """
        rows: list[Row] = []
        following: list[int] = []
        for number, tokens in parts.items():
            rows += self._rows(number, tokens[:-1], last=False)
            following += tokens[1:]
        sums = dict.fromkeys(parts, 0.0)
        for (row, logits), token in zip(self._decoded(rows), following, strict=True):
            sums[row[2]] += log_probability(logits, token)
        return sums

    def _rows(self, number: int, tokens: Sequence[int], *, last: bool) -> list[Row]:
        begin = self._lengths[number]
        self._lengths[number] += len(tokens)
        end = len(tokens) - 1
        return [(t, begin + i, number, not last or i == end) for i, t in enumerate(tokens)]

    def _decoded(self, rows: Sequence[Row]) -> Iterator[tuple[Row, NDArray[np.float32]]]:
        """Decode rows in batches; give each wanted one with its logits before the next batch."""
        for batch in _batches(rows, self._runtime.max_outputs):
            self._decode(batch)
            for at, row in enumerate(batch):
                if row[3]:
                    logits = self._runtime.logits_of_row(at)
                    if not is_usable(logits):
                        self._give_up()
                        raise not_finite()
                    yield row, logits

    def _decode(self, batch: Sequence[Row]) -> None:
        done = False
        try:
            self._cancel.raise_if_cancelled()
            done = self._runtime.decode_rows(batch)
        finally:
            if not done:
                self._give_up()
        if not done:
            raise Cancelled

    def _give_up(self) -> None:
        """Forget everything: no sequence is known to be what it should be."""
        self.release(*(number for number in self._lengths if number))
        self._decoder.wipe()
        self._lengths = {0: 0}


def _batches(rows: Sequence[Row], outputs: int) -> Iterator[Sequence[Row]]:
    """Cut rows into batches that the runtime takes: of tokens, and of wanted logits."""
    begin = wanted = 0
    for at, row in enumerate(rows):
        if at - begin == BATCH or wanted + row[3] > outputs:
            yield rows[begin:at]
            begin, wanted = at, 0
        wanted += row[3]
    if begin < len(rows):
        yield rows[begin:]
