"""Constrained decoding: find the quote of the passages that a model finds likeliest.

The model is held to stretches of the passages (`span_automaton`), token by token, greedily; from
the `STARTS` likeliest first tokens on, and the likeliest of these quotes is taken. Likelihoods
are over the whole vocabulary: what the model would rather have written makes a quote
unlikely, which speaks for refusing.

A quote only gets less likely as it grows, so one is given up as soon as it is less likely
than the best whole one: the answer is the same as if all were written out, for little more
than the price of one (branch and bound; `docs/quoting.md` has the figures).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.engine.likelihood import log_total
from assistant.engine.prefix_cache import CachedDecoder
from assistant.engine.span_automaton import MARK, SpanAutomaton, SpanState, TokenVocabulary
from assistant.types import CancelToken, Quoted

STARTS = 3
"""Quotes that are tried, each from another first token. Measured on an article that was held
out: exact match 0.67 with one, 0.70 with three (F1 0.75 and 0.79)."""


@dataclass(slots=True)
class _PartialQuote:
    """A quote as it grows; `state` says how it can go on."""

    state: SpanState
    tokens: list[int] = field(default_factory=list)
    log_probability: float = 0.0
    complete: bool = False


NOTHING = Quoted("", math.inf, 0.0, 0)
"""There is nothing to quote: infinitely much speaks for refusing."""


class QuoteDecoder:
    """Decodes quotes for one prompt, which is computed once.

    `end` is the token that the template writes after an answer, `longest` the most tokens
    of a quote, `starts` how many first tokens are tried. Raises `Cancelled`, `EngineError`.
    """

    def __init__(
        self,
        decoder: CachedDecoder,
        vocabulary: TokenVocabulary,
        end: int,
        longest: int,
        starts: int = STARTS,
    ) -> None:
        self._decoder = decoder
        self._vocabulary = vocabulary
        self._end = end
        self._longest = longest
        self._starts = starts
        self.steps = 0
        """How many tokens were computed after the prompt's mark."""

    def best(
        self,
        prompt: Sequence[int],
        passages: Sequence[str],
        refusal: int,
        cancel: CancelToken,
    ) -> Quoted:
        """Return the likeliest quote found. `refusal` is the first token of a refusal."""
        self._decoder.prefill(prompt, cancel)
        first = self._decoder.logits()
        mark = self._vocabulary.by_bytes.get(MARK)
        automaton = SpanAutomaton(self._vocabulary, passages)
        begun = automaton.begin()
        if mark is None or not begun.places or self._longest < 1:
            return NOTHING
        margin = float(first[refusal]) - float(first[mark])
        marked = [*prompt, mark]
        self._decoder.prefill(marked, cancel)
        transitions = automaton.transitions(begun, may_close=False)
        starts = _likeliest(self._decoder.logits(), transitions, self._starts)
        best: _PartialQuote | None = None
        for token, log_probability in starts:
            span = _PartialQuote(transitions[token], [token], log_probability)
            if best is None or log_probability > best.log_probability:
                self._back_to(marked, cancel)
                grown = self._grow(span, automaton, best, cancel)
                best = span if grown else best
        return self._quoted(best, margin, automaton) if best else NOTHING

    def _grow(
        self,
        span: _PartialQuote,
        automaton: SpanAutomaton,
        best: _PartialQuote | None,
        cancel: CancelToken,
    ) -> bool:
        """Go on from a first token, greedily, until the quote is closed and ended.

        False: it was given up, because it can't be likelier than `best` any more.
        """
        least = best.log_probability if best else -math.inf
        while len(span.tokens) < self._longest and not span.complete:
            cancel.raise_if_cancelled()
            self._decoder.extend(span.tokens[-1:])
            self.steps += 1
            transitions = automaton.transitions(span.state)
            if span.state.closed:
                transitions[self._end] = SpanState()
            if not transitions:  # no token spells what follows
                break
            ((token, log_probability),) = _likeliest(self._decoder.logits(), transitions, 1)
            span.log_probability += log_probability
            if span.log_probability <= least:
                return False
            span.complete = token == self._end and bool(span.state.closed)
            if not span.complete:
                span.tokens.append(token)
                span.state = transitions[token]
        return True

    def _back_to(self, marked: Sequence[int], cancel: CancelToken) -> None:
        """Reduce the cache to these tokens, which were computed before."""
        if len(self._decoder.cached) > len(marked):
            self._decoder.keep(len(marked))
        if len(self._decoder.cached) < len(marked):  # a model that can't go back forgot it all
            self._decoder.prefill(marked, cancel)

    def _quoted(self, span: _PartialQuote, margin: float, automaton: SpanAutomaton) -> Quoted:
        data = b"".join(map(self._vocabulary.piece, span.tokens))
        text, places = automaton.stretch(span.state, data)
        if not text:
            return NOTHING
        return Quoted(text, margin, span.log_probability, len(span.tokens), span.complete, places)


def _likeliest(
    logits: NDArray[np.float32], transitions: Mapping[int, SpanState], count: int
) -> list[tuple[int, float]]:
    """Return the likeliest of the tokens that may come, best first, with their logarithms."""
    numbers = np.fromiter(transitions, dtype=np.int64, count=len(transitions))
    allowed = logits[numbers]
    order = np.argsort(-allowed, kind="stable")[:count]
    total = log_total(logits)
    return [(int(numbers[at]), float(allowed[at]) - total) for at in order]
