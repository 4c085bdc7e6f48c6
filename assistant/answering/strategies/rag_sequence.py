"""RAG-Sequence (Lewis et al. 2020): one passage at a time, in one batch.

Each passage stands in a prompt of its own. Its answers are weighed with the probability that
the passage is the right one, so that a good passage that is alone with its opinion counts for
more than a poor one, and passages that agree count together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.decide import chosen_place
from assistant.answering.prompt_budget import Window
from assistant.answering.quote_location import stands_whole
from assistant.answering.request import Quote, StrategyEvents, StrategyRequest, StrategyResult
from assistant.answering.strategies.priors import log_priors
from assistant.errors import ContextOverflowError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.text.canonical import canonical
from assistant.types import (
    SEQUENCE,
    Candidate,
    Generated,
    WeightedPassage,
    WeightedQuotes,
)


def read(request: StrategyRequest) -> StrategyEvents:
    """Read the windows that one prompt would show, each by itself."""
    request.cancel.raise_if_cancelled()
    plan = request.plan()
    found = StrategyResult(SEQUENCE, written=REFUSAL, plan=plan)
    windows = plan.windows[: request.chat.side_by_side]
    if not windows:
        return found
    weighed = _weighed(request, windows, plan.max_answer_tokens)
    found = replace(found, first_token_ms=request.elapsed())
    if weighed.texts:
        found = _decided(request, windows, weighed, found)
        yield Generated(found.said)
    return found


def _weighed(request: StrategyRequest, windows: Sequence[Window], longest: int) -> WeightedQuotes:
    """Weigh as many of the windows as fit the context side by side, the first ones."""
    while True:
        try:
            return request.chat.weigh(
                _weighted_passages(request, windows), REFUSAL, request.cancel, max_tokens=longest
            )
        except ContextOverflowError:
            if len(windows) == 1:
                raise
            windows = windows[:-1]


def _weighted_passages(
    request: StrategyRequest, windows: Sequence[Window]
) -> list[WeightedPassage]:
    """Return each window with a prompt of its own and its weight."""
    weights = log_priors([request.result.hits[window.hit] for window in windows])
    return [
        WeightedPassage(prompt_of(request, window), window.passage.text, weight)
        for window, weight in zip(windows, weights, strict=True)
    ]


def prompt_of(request: StrategyRequest, window: Window) -> str:
    """Return the prompt that shows one window alone."""
    passage = window.passage
    shown = PromptPassage(passage.document, passage.page, passage.text)
    return request.chat.render(build_messages(request.question, [shown], request.style))


def _decided(
    request: StrategyRequest,
    windows: Sequence[Window],
    weighed: WeightedQuotes,
    found: StrategyResult,
) -> StrategyResult:
    """Give the likeliest quote, or refuse.

    All that were weighed are kept as candidates, but for those cut out of a number or word.
    """
    hits = request.result.hits
    places = [chosen_place(t.places, windows, hits, request.scored)[0] for t in weighed.texts]
    candidates = []
    for text, place in zip(weighed.texts, places, strict=True):
        passage = hits[place.passage].passage
        if stands_whole(canonical(passage.text), passage.text, place.start, place.end):
            probability = min(1.0, math.exp(text.log_probability))
            cited = passage.cite(place.start, place.end)
            candidates.append(Candidate(text.text, place, cited, probability))
    best = weighed.texts[0]
    found = replace(found, candidates=tuple(candidates), cut_short=not best.complete)
    if request.chat.calibration.refuses_side_by_side(weighed):
        return found
    return replace(found, quotes=(Quote(best.text, places[0]),), written="")
