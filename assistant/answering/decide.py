"""Decide which of several equal places in the passages a quote is cited at."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assistant.answering.best_sentence import ScoredSentence, sentence_at
from assistant.answering.prompt_budget import Window
from assistant.answering.quote_location import stands_whole
from assistant.text.canonical import canonical
from assistant.types import (
    Hit,
    Place,
)


def chosen_place(
    places: Sequence[Place],
    windows: Sequence[Window],
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
) -> tuple[Place, Window]:
    """Choose among the places in `windows` that the decoder may have read.

    Its tokens fit them all. A place that cuts no number and no compound comes before one that
    does; then the one whose sentence answers the question best (its score in `scored`); of
    equals the first. Returns the place in the passages of `hits`, and its window.
    """
    forms = {window.hit: canonical(hits[window.hit].passage.text) for window in windows}

    def merit(found: tuple[Place, Window]) -> tuple[bool, float]:
        place, _ = found
        passage = hits[place.passage].passage
        whole = stands_whole(forms[place.passage], passage.text, place.start, place.end)
        sentence = sentence_at(scored, place)
        return whole, sentence.score if sentence is not None else -math.inf

    pairs = ((windows[place.passage].in_hit(place), windows[place.passage]) for place in places)
    return max(pairs, key=merit)
