"""Reading passages one by one, side by side, and weighing what each of them answers.

Two ways (Lewis et al. 2020, "Retrieval-augmented generation for knowledge-intensive NLP
tasks"). RAG-Sequence: each passage proposes texts, and each text is scored under every
passage ("thorough decoding"): p(y|x) = sum over z of p(z|x) p(y|x,z). RAG-Token: one text is
written for all passages, each token chosen by p(t|x) = sum over z of p(z|x) p(t|x,z).

A model that only quotes is held to stretches of its passages, as in `quote_search`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.engine.likelihood import LogProbabilities
from assistant.engine.parallel_sequences import Sequences
from assistant.engine.prefix_cache import CachedDecoder
from assistant.engine.probability_mixture import mixture, shared_beginning, weighed_sum
from assistant.engine.span_automaton import MARK, Move, Quotable, Spelling
from assistant.errors import ContextOverflowError
from assistant.types import CancelToken, Weighed, WeighedText

STARTS = 2
"""Quotes that each passage proposes, each from another first token."""

TOGETHER_STARTS = 3
"""The same for tokens that are chosen by all passages."""

HOPELESS = 5.0
"""Nats by which a text may be less likely than the best one that has ended, before it is
given up: it could not become an answer any more, nor a rival that is worth showing."""

LEAST_ROOM = 8
"""Tokens of an answer for which there must be room beside the passages."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as the model is shown it: the prompt's tokens, the text, log p(z|x)."""

    prompt: Sequence[int]
    passage: str
    weight: float


@dataclass(frozen=True, slots=True)
class Manner:
    """How the model answers: quotes with their `spelling`, or freely (None).

    `refusal` is the first token of a refusal, `end` the token that the template writes after
    an answer, `ends` tells of any token whether it ends one; `text` are tokens as text.
    """

    spelling: Spelling | None
    refusal: int
    end: int
    ends: Callable[[int], bool]
    text: Callable[[Sequence[int]], str]


@dataclass(slots=True)
class _Text:
    """A text as it grows, in one sequence or in several whose next tokens are weighed."""

    reading: int
    branches: dict[int, float]
    """Sequences, and the log of their weight."""
    quotable: Quotable | None
    state: Move
    prior: float
    """log p of its passage and opening mark."""
    tokens: list[int] = field(default_factory=list)
    log_probability: float = 0.0
    done: bool = False
    complete: bool = False
    hopeless: bool = False

    @property
    def score(self) -> float:
        """Its log-probability so far, that of its passage included; it can only fall."""
        return self.prior + self.log_probability


class SideBySide:
    """Weighs passages for one question. `longest` is the most tokens of an answer.

    Raises `Cancelled`, `EngineError`, and `ContextOverflowError` if the passages do not fit
    the context side by side.
    """

    def __init__(
        self,
        decoder: CachedDecoder,
        manner: Manner,
        shown: Sequence[Shown],
        longest: int,
        cancel: CancelToken,
    ) -> None:
        self._manner = manner
        self._shown = shown
        self._longest = longest
        self._mark = manner.spelling.by_bytes.get(MARK) if manner.spelling else None
        self._openings: list[float] = []
        """For each passage, log p(opening mark | passage)."""
        shared = shared_beginning([s.prompt for s in shown])
        self._room = decoder.runtime.context_length - shared
        self._room -= sum(len(s.prompt) - shared + 1 for s in shown)
        if self._room < LEAST_ROOM * len(shown):
            raise ContextOverflowError(
                f"{len(shown)} passages do not fit the model's context side by side.",
                hint="Read fewer of them (prompt_passages), or set a larger context_length.",
            )
        if shared:
            decoder.prefill(shown[0].prompt[:shared], cancel)
        else:
            decoder.keep(0)
        self._sequences = Sequences(decoder, cancel)
        self._shared = shared

    def by_sequence(self) -> Weighed:
        """Let each passage propose texts, and weigh them by RAG-Sequence."""
        with self._sequences as sequences:
            roots, likely, opening, refusal = self._begun()
            starts = STARTS if self._mark is not None else 1
            starts = min(starts, sequences.free // len(roots), self._most(len(roots)))
            texts: list[_Text] = []
            for reading, (root, quotable) in enumerate(zip(roots, self._quotables(), strict=True)):
                texts += self._started(reading, {root: 0.0}, quotable, likely[root], starts)
            texts = self._grown(texts)
            weighed = self._thorough(texts, roots, likely)
        return _ordered(weighed, opening, refusal)

    def by_token(self) -> Weighed:
        """Write one text for all passages, each token weighed by RAG-Token."""
        with self._sequences as sequences:
            roots, likely, opening, refusal = self._begun()
            weights = {root: s.weight for root, s in zip(roots, self._shown, strict=True)}
            quotable = None
            if self._manner.spelling is not None:
                quotable = Quotable(self._manner.spelling, [s.passage for s in self._shown])
            starts = TOGETHER_STARTS if self._mark is not None else 1
            starts = min(starts, sequences.free // len(roots), self._most(len(roots)))
            texts = self._started(0, weights, quotable, mixture(likely, weights), starts)
            texts = self._grown(texts)
        found = [
            WeighedText(
                self._written(t), opening + t.log_probability, -1, len(t.tokens), (), t.complete
            )
            for t in texts
        ]
        return _ordered(found, opening, refusal)

    # -- steps -----------------------------------------------------------------------

    def _begun(self) -> tuple[list[int], dict[int, LogProbabilities], float, float]:
        """Compute all prompts, and the opening mark after each if the model quotes.

        Returns the passages' sequences, what follows in each, and log p of mark and refusal.
        """
        sequences, weights = self._sequences, [s.weight for s in self._shown]
        roots = [sequences.fork() for _ in self._shown]
        tails = {r: s.prompt[self._shared :] for r, s in zip(roots, self._shown, strict=True)}
        likely = sequences.feed(tails)
        refusal = weighed_sum([float(likely[r][self._manner.refusal]) for r in roots], weights)
        if self._mark is None:
            self._openings = [0.0] * len(roots)
            return roots, likely, 0.0, refusal
        self._openings = [float(likely[r][self._mark]) for r in roots]
        likely = sequences.feed({root: [self._mark] for root in roots})
        return roots, likely, weighed_sum(self._openings, weights), refusal

    def _most(self, roots: int) -> int:
        """How many texts for each passage have room to grow."""
        return max(1, self._room // (roots * 4 * LEAST_ROOM))

    def _quotables(self) -> list[Quotable | None]:
        spelling = self._manner.spelling
        return [Quotable(spelling, [s.passage]) if spelling else None for s in self._shown]

    def _started(
        self,
        reading: int,
        weights: Mapping[int, float],
        quotable: Quotable | None,
        likely: LogProbabilities,
        starts: int,
    ) -> list[_Text]:
        """Begin texts with the likeliest first tokens, each in forks of the sequences given."""
        moves: dict[int, Move] = {}
        if quotable is not None:
            moves = quotable.moves(quotable.begin(), may_close=False)
            tokens = sorted(moves, key=lambda token: -likely[token])[:starts]
        else:
            tokens = [int(likely.argmax())]
        prior = self._shown[reading].weight + self._openings[reading] if len(weights) == 1 else 0.0
        texts = []
        for token in tokens:
            branches = {self._sequences.fork(root): w for root, w in weights.items()}
            text = _Text(reading, branches, quotable, moves.get(token, Move()), prior)
            self._take(text, token, float(likely[token]))
            texts.append(text)
        return texts

    def _grown(self, texts: Sequence[_Text]) -> list[_Text]:
        """Advance all texts together, a token at a time; return those with a chance."""
        branches = sum(len(text.branches) for text in texts)
        longest = min(self._longest, self._room // max(1, branches))
        while growing := [t for t in texts if not t.done and len(t.tokens) < longest]:
            parts = {branch: t.tokens[-1:] for t in growing for branch in t.branches}
            likely = self._sequences.feed(parts)
            for text in growing:
                self._advance(text, mixture(likely, text.branches))
            best = max((t.score for t in texts if t.complete), default=-np.inf)
            for text in growing:
                text.hopeless = text.score < best - HOPELESS
                text.done = text.done or text.hopeless
        self._sequences.release(*(branch for text in texts for branch in text.branches))
        return [text for text in texts if not text.hopeless]

    def _advance(self, text: _Text, likely: LogProbabilities) -> None:
        if text.quotable is None:
            token = int(likely.argmax())
            self._take(text, token, float(likely[token]))
            return
        moves = text.quotable.moves(text.state)
        if text.state.closed:
            moves[self._manner.end] = Move()
        if not moves:  # no token spells what follows
            text.done = True
            return
        numbers = np.fromiter(moves, dtype=np.int64)
        token = int(numbers[likely[numbers].argmax()])
        self._take(text, token, float(likely[token]), closed=text.state.closed)
        if not text.done:
            text.state = moves[token]

    def _take(self, text: _Text, token: int, likely: float, *, closed: bool = False) -> None:
        text.log_probability += likely
        text.tokens.append(token)
        if text.quotable is None:
            text.done = text.complete = self._manner.ends(token)
        else:
            text.done = text.complete = closed and token == self._manner.end

    def _thorough(
        self, texts: Sequence[_Text], roots: Sequence[int], likely: Mapping[int, LogProbabilities]
    ) -> list[WeighedText]:
        """Score each text under every passage; equal texts of two passages are one."""
        unique: dict[tuple[int, ...], dict[int, float]] = {}
        first: dict[tuple[int, ...], _Text] = {}
        for text in texts:
            key = tuple(text.tokens)
            unique.setdefault(key, {})[text.reading] = text.log_probability
            first.setdefault(key, text)
        for key, known in unique.items():
            missing = {n: root for n, root in enumerate(roots) if n not in known}
            known.update(self._scored(key, missing, likely))
        return [self._joined(first[key], known) for key, known in unique.items()]

    def _scored(
        self,
        tokens: tuple[int, ...],
        roots: Mapping[int, int],
        likely: Mapping[int, LogProbabilities],
    ) -> dict[int, float]:
        """Return log p(tokens | passage) for passages by their number."""
        forks = {self._sequences.fork(root): number for number, root in roots.items()}
        sums = self._sequences.score(dict.fromkeys(forks, tokens))
        self._sequences.release(*forks)
        return {n: sums[fork] + float(likely[roots[n]][tokens[0]]) for fork, n in forks.items()}

    def _joined(self, text: _Text, known: Mapping[int, float]) -> WeighedText:
        terms = [
            known[n] + s.weight + opening
            for n, (s, opening) in enumerate(zip(self._shown, self._openings, strict=True))
        ]
        return WeighedText(
            self._written(text),
            float(np.logaddexp.reduce(terms)),
            text.reading,
            len(text.tokens),
            tuple(terms),
            text.complete,
        )

    def _written(self, text: _Text) -> str:
        """Return a text without its end; a quote without its mark, and of whole words only."""
        tokens = text.tokens[:-1] if text.complete else text.tokens
        spelling = self._manner.spelling
        if text.quotable is None or spelling is None:
            return self._manner.text(tokens).strip()
        data = text.quotable.written(text.state, b"".join(map(spelling.piece, tokens)))
        return data.decode("utf-8", "ignore").strip()


def _ordered(texts: Sequence[WeighedText], opening: float, refusal: float) -> Weighed:
    """Put the likeliest first; what was cut off before its first word was whole is no text."""
    whole = [text for text in texts if text.text]
    ordered = sorted(whole, key=lambda text: -text.log_probability)
    return Weighed(tuple(ordered), opening, refusal)
