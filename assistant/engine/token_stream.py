"""Turn token bytes into pieces of text: whole characters only, ended by stop texts."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Feed it the bytes of each token; it gives back text that is safe to show.

    A character that is spread over several tokens comes out when it is complete, and text
    that may turn out to be the beginning of a stop text is held back until that is known.
    `stopped` is True as soon as a stop text is complete; it is never given out.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """Return the text that is certain now ("" if none is)."""
        return self._release(self._decoder.decode(data), final=False)

    def finish(self) -> str:
        """Return what was held back; half a character comes out as U+FFFD."""
        return self._release(self._decoder.decode(b"", final=True), final=True)

    def _release(self, text: str, *, final: bool) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        found = [at for at in (text.find(stop) for stop in self._stop) if at >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)]
        keep = 0 if final else self._possible_stop(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def _possible_stop(self, text: str) -> int:
        """Return how many characters at the end could begin a stop text."""
        longest = max((len(stop) for stop in self._stop), default=0) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0
